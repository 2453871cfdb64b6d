/** The rules of every schema inside a CustomResourceDefinition, but for those of expressions. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import {
  additionalSchema,
  byName,
  itemSchema,
  itemSchemas,
  type JsonSchema,
} from './json-schema.ts';
import { validateListAndMapType, validateMapKeys } from './list-type-validation.ts';
import { validateRules } from './validation-rule-validation.ts';

/** What an old definition may keep. */
export interface SchemaOptions {
  readonly requireValidTypes: boolean;
  readonly requireAtomicSetItems: boolean;
  readonly requireMapKeys: boolean;
}

/** Where a schema stands. */
interface Place {
  readonly root: boolean;
  /** Inside the type and object metadata of a resource. */
  readonly insideMeta: boolean;
  /** Why there may be no default here: `in top-level metadata`. */
  readonly noDefaults: string | undefined;
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metaFields = new Set(['metadata', 'kind', 'apiVersion']);

/** A type that OpenAPI v3 does not know. */
export function hasInvalidType(s: JsonSchema): boolean {
  return Boolean(s.type) && !types.includes(s.type!);
}

/** A whole schema. */
export function validateSchema(s: JsonSchema, options: SchemaOptions, at: FieldPath): FieldError[] {
  return walk(s, options, { root: true, insideMeta: false, noDefaults: undefined }, at);
}

function walk(s: JsonSchema, o: SchemaOptions, place: Place, at: FieldPath): FieldError[] {
  const errors = validateStandard(s, o, place, at);
  if (s.uniqueItems === true) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenField(at.child('uniqueItems'), text));
  }
  const inner: Place = { ...place, root: false };
  errors.push(...validateFurtherProperties(s, o, inner, at));
  for (const [name, v] of byName(s.properties)) {
    const here = propertyPlace(s, place, name);
    errors.push(...walk(v, o, here, at.child('properties').key(name)));
  }
  if (s.not) errors.push(...walk(s.not, o, inner, at.child('not')));
  for (const list of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [i, v] of (s[list] ?? []).entries()) {
      errors.push(...walk(v, o, inner, at.child(list).index(i)));
    }
  }
  for (const [name, v] of byName(s.definitions)) {
    errors.push(...walk(v, o, inner, at.child('definitions').key(name)));
  }
  const items = itemSchema(s);
  if (items !== undefined) errors.push(...walk(items, o, inner, at.child('items')));
  for (const [i, v] of itemSchemas(s).entries()) {
    errors.push(...walk(v, o, inner, at.child('items').index(i)));
  }
  for (const [name, v] of Object.entries(s.dependencies ?? {})) {
    if (Array.isArray(v)) continue;
    errors.push(...walk(v as JsonSchema, o, inner, at.child('dependencies').key(name)));
  }
  if (s['x-kubernetes-preserve-unknown-fields'] === false) {
    const here = at.child('x-kubernetes-preserve-unknown-fields');
    errors.push(invalidValue(here, false, 'must be true or undefined'));
  }
  errors.push(...validateListAndMapType(s, o.requireAtomicSetItems, at));
  if (o.requireMapKeys) errors.push(...validateMapKeys(s, at));
  return [...errors, ...validateRules(s, at)];
}

function propertyPlace(s: JsonSchema, place: Place, name: string): Place {
  const embedded = s['x-kubernetes-embedded-resource'] === true;
  if ((!place.root && !embedded) || !metaFields.has(name)) return { ...place, root: false };
  const noDefaults = place.root ? `in top-level ${name}` : place.noDefaults;
  return { root: false, insideMeta: true, noDefaults };
}

function validateFurtherProperties(
  s: JsonSchema,
  o: SchemaOptions,
  place: Place,
  at: FieldPath,
): FieldError[] {
  const { additionalProperties } = s;
  if (additionalProperties === undefined || additionalProperties === null) return [];
  const here = at.child('additionalProperties');
  const schema = additionalSchema(s);
  const errors: FieldError[] = [];
  if (Object.keys(s.properties ?? {}).length > 0 && additionalProperties !== true) {
    const text = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbiddenField(here, text));
  }
  if (schema === undefined) return errors;
  const noDefaults = place.insideMeta
    ? 'inside additionalProperties applying to object metadata'
    : place.noDefaults;
  return [...errors, ...walk(schema, o, { ...place, noDefaults }, here)];
}

/** What JSON schema has and definitions may not use. */
function validateStandard(
  s: JsonSchema,
  o: SchemaOptions,
  place: Place,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (field: string, text: string): void => {
    errors.push(forbiddenField(at.child(field), text));
  };
  if (o.requireValidTypes && hasInvalidType(s)) {
    errors.push(notSupported(at.child('type'), s.type!, types));
  }
  const hasDefault = s.default !== undefined && s.default !== null;
  if (hasDefault && place.noDefaults !== undefined) {
    forbid('default', `must not be set ${place.noDefaults}`);
  }
  const unused: readonly [keyof JsonSchema, boolean][] = [
    ['id', Boolean(s.id)],
    ['additionalItems', s.additionalItems !== undefined && s.additionalItems !== null],
    ['patternProperties', Object.keys(s.patternProperties ?? {}).length > 0],
    ['definitions', Object.keys(s.definitions ?? {}).length > 0],
    ['dependencies', s.dependencies !== undefined && s.dependencies !== null],
    ['$ref', s.$ref !== undefined && s.$ref !== null],
  ];
  for (const [name, used] of unused) if (used) forbid(name, `${name} is not supported`);
  if (s.type === 'null') {
    forbid('type', 'type cannot be set to null, use nullable as an alternative');
  }
  if (itemSchemas(s).length > 0) forbid('items', 'items must be a schema object and not an array');
  if (place.insideMeta && s['x-kubernetes-embedded-resource'] === true) {
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  }
  return errors;
}

/** Field names in the real server's spelling, as its message lists them. */
const allowedAtRoot = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
];

/** Fields that may not stand at the root of a schema whose status is validated by itself. */
const beforeType = ['id', '$schema', '$ref'] as const;
const afterType = [
  'nullable',
  'default',
  'enum',
  'maxProperties',
  'minProperties',
  'allOf',
  'oneOf',
  'anyOf',
  'not',
  'additionalProperties',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
] as const;

/** The root of a schema when status is a subresource; `shown`: the schema as messages show it. */
export function validateRootWithStatus(
  s: JsonSchema,
  shown: () => unknown,
  at: FieldPath,
): FieldError[] {
  const given = (name: keyof JsonSchema): boolean => {
    const value = s[name];
    return value !== undefined && value !== null && value !== '' && value !== false;
  };
  const refuse = (): FieldError[] => {
    const text =
      `only [${allowedAtRoot.join(' ')}] fields are allowed at the root of the schema if the ` +
      'status subresource is enabled';
    return [invalidValue(at, shown(), text)];
  };
  if (beforeType.some(given)) return refuse();
  if (given('type') && s.type !== 'object') {
    const text =
      'only "object" is allowed as the type at the root of the schema if the status subresource ' +
      'is enabled';
    return [invalidValue(at.child('type'), s.type, text)];
  }
  // Of the booleans that take a schema too, `false` is something.
  const falseSchema = s.additionalProperties === false || s.additionalItems === false;
  return falseSchema || afterType.some(given) ? refuse() : [];
}

/** nullable at the root. */
export function validateRootNullable(s: JsonSchema, at: FieldPath): FieldError[] {
  if (s.nullable !== true) return [];
  return [forbiddenField(at.child('nullable'), 'nullable cannot be true at the root')];
}

/** A definition's version without a schema. */
export function missingSchema(at: FieldPath, text = ''): FieldError {
  return required(at.child('openAPIV3Schema'), text);
}
