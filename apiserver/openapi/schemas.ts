/**
 * JSON schemas of the types in the table, in the two dialects of OpenAPI, shaped as the real
 * server publishes them.
 */
import {
  type Field,
  type StructType,
  structType,
  type TypeRef,
} from '../../machinery/schema/schema.ts';
import type { KindRef } from './operations.ts';

export type Dialect = 'v2' | 'v3';
export type Json = Record<string, unknown>;

/** What a type and its fields are called for; texts may be empty. */
export interface TypeTexts {
  readonly description: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Collects the definitions that a document refers to. */
export class Schemas {
  private readonly dialect: Dialect;
  private readonly textsOf: (typeId: string) => TypeTexts;
  private readonly kindsOf: (type: StructType) => readonly KindRef[];
  private readonly wanted = new Map<string, StructType>();
  private readonly specials = new Set<string>();
  private readonly named = new Map<string, () => Json>();

  /** `kindsOf` names the kinds that a type is published as. */
  constructor(
    dialect: Dialect,
    textsOf: (typeId: string) => TypeTexts,
    kindsOf: (type: StructType) => readonly KindRef[],
  ) {
    this.dialect = dialect;
    this.textsOf = textsOf;
    this.kindsOf = kindsOf;
  }

  /** A reference to a struct type, whose definition becomes part of the document. */
  ref(type: StructType): Json {
    this.wanted.set(type.openapiName, type);
    return { $ref: `${this.prefix}${type.openapiName}` };
  }

  /** A reference to a type that is no struct of the table (Patch, Time, Quantity …). */
  specialRef(name: string): Json {
    this.specials.add(name);
    return { $ref: `${this.prefix}${name}` };
  }

  /** A reference to a definition that is made elsewhere, when it is needed. */
  namedRef(name: string, definition: () => Json): Json {
    if (!this.named.has(name)) this.named.set(name, definition);
    return { $ref: `${this.prefix}${name}` };
  }

  /** All definitions that have been referred to, directly or by one another, by name. */
  definitions(): Json {
    const done = new Map<string, Json>();
    // Definitions from elsewhere may refer to more of them.
    for (const [name, make] of this.named) done.set(name, make());
    for (;;) {
      const next = [...this.wanted].filter(([name]) => !done.has(name));
      if (next.length === 0) break;
      for (const [name, type] of next) done.set(name, this.struct(type));
    }
    for (const name of this.specials) done.set(name, this.special(name));
    return Object.fromEntries([...done].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private get prefix(): string {
    return this.dialect === 'v2' ? '#/definitions/' : '#/components/schemas/';
  }

  private struct(type: StructType): Json {
    const texts = this.textsOf(type.id);
    if (type.wraps !== undefined) {
      return { ...described(texts.description), ...this.value(type.wraps, undefined) };
    }
    const fields = typeMetaFields(type).concat(type.fields);
    const required = fields.filter((f) => f.required).map((f) => f.name);
    const properties = fields
      .map((f): [string, Json] => [f.name, this.property(f, texts.fields.get(f.name) ?? '')])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const kindsHere = this.kindsOf(type);
    return {
      ...described(texts.description),
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
      ...(kindsHere.length > 0 ? { 'x-kubernetes-group-version-kind': kindsHere } : {}),
      ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(type.extensions === undefined ? {} : extensions(type.extensions)),
    };
  }

  private property(field: Field, description: string): Json {
    const value = this.value(field.type, field);
    const fallback = this.dialect === 'v3' ? defaultOf(field) : undefined;
    const extra: Json = {
      ...(fallback === undefined ? {} : { default: fallback }),
      ...patchExtensions(field),
    };
    const text = described(withValues(field, description));
    if (value['$ref'] === undefined || this.dialect === 'v2') {
      return { ...text, ...value, ...extra };
    }
    const around = { ...text, ...extra };
    return Object.keys(around).length === 0 ? value : { ...around, allOf: [value] };
  }

  private value(ref: TypeRef, field: Field | undefined): Json {
    switch (ref.kind) {
      case 'struct':
        return ref.type.wraps === undefined
          ? this.ref(ref.type)
          : this.value(ref.type.wraps, undefined);
      case 'list':
        return { type: 'array', items: this.value(ref.of, field), ...listExtensions(field) };
      case 'map':
        return { type: 'object', additionalProperties: this.value(ref.of, field) };
      case 'string':
        return { type: 'string', ...(field?.enum === undefined ? {} : { enum: field.enum }) };
      case 'bool':
        return { type: 'boolean' };
      case 'int32':
      case 'int64':
        return { type: 'integer', format: ref.kind };
      case 'double':
        return { type: 'number', format: 'double' };
      case 'bytes':
        return { type: 'string', format: 'byte', ...listExtensions(field) };
      default:
        return this.specialRef(specialNames[ref.kind]);
    }
  }

  private special(name: string): Json {
    return { ...described(this.textsOf(name).description), ...specialSchema(name, this.dialect) };
  }
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const apiextensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** The name of the type that PATCH takes. */
export const patchName = `${meta}.Patch`;

const specialNames = {
  Time: `${meta}.Time`,
  MicroTime: `${meta}.MicroTime`,
  Duration: `${meta}.Duration`,
  FieldsV1: `${meta}.FieldsV1`,
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  JSON: `${apiextensions}.JSON`,
  JSONSchemaPropsOrBool: `${apiextensions}.JSONSchemaPropsOrBool`,
  JSONSchemaPropsOrArray: `${apiextensions}.JSONSchemaPropsOrArray`,
  JSONSchemaPropsOrStringArray: `${apiextensions}.JSONSchemaPropsOrStringArray`,
} as const;

function specialSchema(name: string, dialect: Dialect): Json {
  switch (name) {
    case specialNames.Time:
    case specialNames.MicroTime:
      return { type: 'string', format: 'date-time' };
    case specialNames.Duration:
      return { type: 'string' };
    case specialNames.Quantity:
      return dialect === 'v2'
        ? { type: 'string' }
        : { oneOf: [{ type: 'string' }, { type: 'number' }] };
    case specialNames.IntOrString:
      return dialect === 'v2'
        ? { type: 'string', format: 'int-or-string' }
        : { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
    case specialNames.FieldsV1:
    case specialNames.RawExtension:
    case patchName:
      return { type: 'object' };
    default:
      return {};
  }
}

function described(description: string): Json {
  return description === '' ? {} : { description };
}

/** The description with the values of a closed set; texts of packages mostly end with them. */
function withValues(field: Field, description: string): string {
  if (field.enum === undefined || field.type.kind !== 'string') return description;
  if (description === '') return description;
  if (description.includes('\nPossible enum values:\n')) return description;
  return `${description}\n\nPossible enum values:\n${field.enum.map((v) => ` - \`"${v}"\``).join('\n')}`;
}

/** kind and apiVersion are fields like others here. */
function typeMetaFields(type: StructType): Field[] {
  if (!type.typeMeta) return [];
  const base = structType('meta/v1.APIVersions').fields[0]!;
  const text = (name: string): Field => ({
    ...base,
    name,
    type: { kind: 'string' },
    pointer: false,
    omitEmpty: true,
    required: false,
    listType: undefined,
    patchStrategy: undefined,
    patchMergeKey: undefined,
    enum: undefined,
    enumId: undefined,
    default: undefined,
  });
  return [text('apiVersion'), text('kind')];
}

/** The default in the schema: stored, or implied by a Go type that cannot be absent. */
function defaultOf(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  if (field.pointer) return undefined;
  const { kind } = field.type;
  if (kind === 'struct') return field.type.type.wraps === undefined ? {} : undefined;
  if (field.omitEmpty) return undefined;
  if (kind === 'string') return '';
  if (kind === 'bool') return false;
  return kind === 'int32' || kind === 'int64' || kind === 'double' ? 0 : undefined;
}

function listExtensions(field: Field | undefined): Json {
  const { kind } = field?.type ?? {};
  if (field?.listType === undefined || (kind !== 'list' && kind !== 'bytes')) return {};
  return {
    ...(field.listMapKeys.length > 0 ? { 'x-kubernetes-list-map-keys': field.listMapKeys } : {}),
    'x-kubernetes-list-type': field.listType,
  };
}

function patchExtensions(field: Field): Json {
  return {
    ...(field.mapType === undefined ? {} : { 'x-kubernetes-map-type': field.mapType }),
    ...(field.patchMergeKey === undefined
      ? {}
      : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
    ...(field.patchStrategy === undefined
      ? {}
      : { 'x-kubernetes-patch-strategy': field.patchStrategy }),
  };
}

function extensions(raw: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(Object.entries(raw).map(([k, v]) => [`x-kubernetes-${k}`, v]));
}
