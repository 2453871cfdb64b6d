/** OpenAPI v3 schemas as they stand in CustomResourceDefinitions. */

/** A schema; of the fields that are lists of maps of schemas, absent and null mean the same. */
export interface JsonSchema {
  readonly id?: string;
  readonly $schema?: string;
  readonly $ref?: string | null;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly default?: unknown;
  readonly maximum?: number | null;
  readonly exclusiveMaximum?: boolean;
  readonly minimum?: number | null;
  readonly exclusiveMinimum?: boolean;
  readonly maxLength?: number | null;
  readonly minLength?: number | null;
  readonly pattern?: string;
  readonly maxItems?: number | null;
  readonly minItems?: number | null;
  readonly uniqueItems?: boolean;
  readonly multipleOf?: number | null;
  readonly enum?: readonly unknown[] | null;
  readonly maxProperties?: number | null;
  readonly minProperties?: number | null;
  readonly required?: readonly string[] | null;
  readonly items?: JsonSchema | readonly JsonSchema[] | null;
  readonly allOf?: readonly JsonSchema[] | null;
  readonly oneOf?: readonly JsonSchema[] | null;
  readonly anyOf?: readonly JsonSchema[] | null;
  readonly not?: JsonSchema | null;
  readonly properties?: Schemas | null;
  readonly additionalProperties?: JsonSchema | boolean | null;
  readonly patternProperties?: Schemas | null;
  readonly dependencies?: Readonly<Record<string, JsonSchema | readonly string[]>> | null;
  readonly additionalItems?: JsonSchema | boolean | null;
  readonly definitions?: Schemas | null;
  readonly externalDocs?: object | null;
  readonly example?: unknown;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | null;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[] | null;
  readonly 'x-kubernetes-list-type'?: string | null;
  readonly 'x-kubernetes-map-type'?: string | null;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[] | null;
}

/** Schemas by name. */
export type Schemas = Readonly<Record<string, JsonSchema>>;

/** An entry of x-kubernetes-validations. */
export interface ValidationRule {
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string | null;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean | null;
}

/** The one schema of all items; undefined for none and for a list of schemas. */
export function itemSchema(s: JsonSchema): JsonSchema | undefined {
  return s.items && !Array.isArray(s.items) ? (s.items as JsonSchema) : undefined;
}

/** The schemas of items one by one, which no definition may have. */
export function itemSchemas(s: JsonSchema): readonly JsonSchema[] {
  return Array.isArray(s.items) ? (s.items as readonly JsonSchema[]) : [];
}

/** The schema of further properties; undefined where a boolean stands. */
export function additionalSchema(s: JsonSchema): JsonSchema | undefined {
  const { additionalProperties: a } = s;
  return typeof a === 'object' && a !== null ? a : undefined;
}

/** Names and schemas by name, sorted. */
export function byName(schemas: Schemas | null | undefined): [string, JsonSchema][] {
  return Object.entries(schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The schemas right inside a schema. */
function inner(s: JsonSchema): JsonSchema[] {
  const { not, additionalItems } = s;
  return [
    ...(itemSchema(s) === undefined ? [] : [itemSchema(s)!]),
    ...itemSchemas(s),
    ...[s.allOf, s.anyOf, s.oneOf].flatMap((l) => l ?? []),
    ...(not ? [not] : []),
    ...byName(s.properties).map(([, v]) => v),
    ...(additionalSchema(s) === undefined ? [] : [additionalSchema(s)!]),
    ...byName(s.patternProperties).map(([, v]) => v),
    ...(typeof additionalItems === 'object' && additionalItems !== null ? [additionalItems] : []),
    ...byName(s.definitions).map(([, v]) => v),
    ...Object.values(s.dependencies ?? {}).filter((d): d is JsonSchema => !Array.isArray(d)),
  ];
}

/** A schema and all that are inside it, outermost first. */
export function* allSchemas(s: JsonSchema | undefined): Generator<JsonSchema, void, undefined> {
  if (s === undefined) return;
  yield s;
  for (const i of inner(s)) yield* allSchemas(i);
}
