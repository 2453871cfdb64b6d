/**
 * Structural schemas: the type of every field is told outside of allOf, anyOf, oneOf and not, and
 * what is said inside them only narrows values.
 * Rules: Kubernetes documentation, "Specifying a structural schema".
 */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  errorText,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { compileGoRegexp } from '../go-regexp.ts';
import {
  additionalSchema,
  byName,
  itemSchema,
  itemSchemas,
  type JsonSchema,
} from './json-schema.ts';
import { validateCompleteness } from './structural-completeness.ts';

type Level = 'root' | 'item' | 'field';

/** What keeps a schema from being a structural one at all; undefined when nothing does. */
export function structuralProblem(s: JsonSchema): string | undefined {
  const used = unsupported.find((f) => isSet(s[f]));
  if (used !== undefined) {
    return `OpenAPIV3Schema '${used.replace('$schema', 'schema')}' is not supported`;
  }
  for (const n of [...(s.not ? [s.not] : []), ...nested(s)]) {
    const problem = structuralProblem(n);
    if (problem !== undefined) return problem;
  }
  if (s['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  if (itemSchemas(s).length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  for (const n of below(s)) {
    const problem = structuralProblem(n);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const unsupported = [
  'id',
  '$schema',
  '$ref',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
] as const;

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function nested(s: JsonSchema): JsonSchema[] {
  return [s.allOf, s.anyOf, s.oneOf].flatMap((l) => l ?? []);
}

function below(s: JsonSchema): JsonSchema[] {
  const items = itemSchema(s);
  const additional = additionalSchema(s);
  return [
    ...(items === undefined ? [] : [items]),
    ...byName(s.properties).map(([, v]) => v),
    ...(additional === undefined ? [] : [additional]),
  ];
}

/** What is wrong with a schema that has no structuralProblem; sorted, as the real server does. */
export function validateStructural(s: JsonSchema, at: FieldPath): FieldError[] {
  const errors = [...validateInvariants(s, 'root', at), ...validateCompleteness(s, at)];
  return errors
    .map((e) => [errorText(e), e] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, e]) => e);
}

function validateInvariants(s: JsonSchema, level: Level, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemSchema(s);
  if (s.type === 'array' && items === undefined) {
    errors.push(required(at.child('items'), 'must be specified'));
  }
  if (items !== undefined) errors.push(...validateInvariants(items, 'item', at.child('items')));
  for (const [name, v] of byName(s.properties)) {
    errors.push(...validateInvariants(v, 'field', at.child('properties').key(name)));
  }
  const additionalAt = at.child('additionalProperties');
  const hasAdditional = s.additionalProperties !== undefined && s.additionalProperties !== null;
  if (hasAdditional && level === 'root') {
    errors.push(forbiddenField(additionalAt, 'must not be used at the root'));
  }
  const additional = additionalSchema(s);
  if (additional !== undefined) {
    errors.push(...validateInvariants(additional, 'field', additionalAt));
  }
  errors.push(
    ...validateExtensions(s, at),
    ...validateValues(s, isIntOrString(s.anyOf), isIntOrString(s.allOf?.[0]?.anyOf), at),
    ...validateType(s, level, at),
  );
  const embedded = s['x-kubernetes-embedded-resource'] === true;
  if (embedded && hasAdditional) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbiddenField(additionalAt, text));
  }
  errors.push(...validateObjectFields(s, level, at));
  const keepsUnknown = s['x-kubernetes-preserve-unknown-fields'] === true;
  if (embedded && !keepsUnknown && !isSet(s.properties)) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without ' +
      'x-kubernetes-preserve-unknown-fields';
    errors.push(required(at.child('properties'), text));
  }
  return errors;
}

const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** `anyOf` of an integer and a string: the one place where types may stand inside. */
function isIntOrString(anyOf: readonly JsonSchema[] | null | undefined): boolean {
  return deepEqual(anyOf ?? null, intOrString);
}

function validateExtensions(s: JsonSchema, at: FieldPath): FieldError[] {
  if (s['x-kubernetes-int-or-string'] !== true) return [];
  const names = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const;
  const text = 'must be false if x-kubernetes-int-or-string is true';
  return names.filter((n) => s[n] === true).map((n) => invalidValue(at.child(n), true, text));
}

function validateType(s: JsonSchema, level: Level, at: FieldPath): FieldError[] {
  const here = at.child('type');
  const type = s.type ?? '';
  const errors: FieldError[] = [];
  const free =
    s['x-kubernetes-int-or-string'] === true || s['x-kubernetes-preserve-unknown-fields'] === true;
  if (s['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(here, text) : invalidValue(here, type, text));
  } else if (type === '' && !free) {
    const where = {
      root: 'at the root',
      item: 'for specified array items',
      field: 'for specified object fields',
    };
    errors.push(required(here, `must not be empty ${where[level]}`));
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalidValue(here, type, 'must be object at the root'));
  }
  return errors;
}

/** apiVersion, kind and metadata of objects, at the root and embedded. */
function validateObjectFields(s: JsonSchema, level: Level, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const isObject = level === 'root' || s['x-kubernetes-embedded-resource'] === true;
  const needsType = (name: string, type: string): void => {
    const field = s.properties?.[name];
    if (field === undefined || !isObject || field.type === type) return;
    const here = at.child('properties').key(name).child('type');
    errors.push(invalidValue(here, field.type ?? '', `must be ${type}`));
  };
  needsType('kind', 'string');
  needsType('apiVersion', 'string');
  needsType('metadata', 'object');
  const metadata = s.properties?.['metadata'];
  if (level === 'root' && metadata !== undefined && !isPlainMetadata(metadata)) {
    const text =
      'must not specify anything other than name and generateName, but metadata is implicitly ' +
      'specified';
    errors.push(forbiddenField(at.child('properties').key('metadata'), text));
  }
  return errors;
}

function isPlainMetadata(metadata: JsonSchema): boolean {
  const { type: _t, default: _d, properties, ...rest } = metadata;
  const names = Object.keys(properties ?? {});
  return (
    names.every((n) => n === 'name' || n === 'generateName') &&
    Object.values(rest).every((v) => v === false || !isSet(v))
  );
}

/** allOf, anyOf, oneOf, not and the pattern. */
function validateValues(
  s: JsonSchema,
  skipAnyOf: boolean,
  skipFirstAllOf: boolean,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const each = (name: 'anyOf' | 'oneOf'): void => {
    for (const [i, n] of (s[name] ?? []).entries()) {
      errors.push(...validateNested(n, false, at.child(name).index(i)));
    }
  };
  if (!skipAnyOf) each('anyOf');
  for (const [i, n] of (s.allOf ?? []).entries()) {
    errors.push(...validateNested(n, skipFirstAllOf && i === 0, at.child('allOf').index(i)));
  }
  each('oneOf');
  if (s.not) errors.push(...validateNested(s.not, false, at.child('not')));
  if (!s.pattern) return errors;
  const compiled = compileGoRegexp(s.pattern);
  if (compiled instanceof RegExp) return errors;
  const text = `must be a valid regular expression, but isn't: ${compiled.problem}`;
  return [...errors, invalidValue(at.child('pattern'), s.pattern, text)];
}

/** Each of these says something about the structure, with the word for its being absent. */
const forbiddenNested = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
] as const;

function validateNested(s: JsonSchema, skipAnyOf: boolean, at: FieldPath): FieldError[] {
  const errors = validateValues(s, skipAnyOf, false, at);
  const items = itemSchema(s);
  if (items !== undefined) errors.push(...validateNested(items, false, at.child('items')));
  for (const [name, v] of byName(s.properties)) {
    errors.push(...validateNested(v, false, at.child('properties').key(name)));
  }
  for (const [name, word] of forbiddenNested) {
    const value = s[name];
    // An empty schema of further properties counts, `false` does not.
    const given =
      name === 'additionalProperties' || name === 'default'
        ? value !== undefined && value !== null && value !== false
        : value !== false && isSet(value);
    if (given) errors.push(forbiddenField(at.child(name), `must be ${word} to be structural`));
  }
  if (s.properties?.['metadata'] !== undefined) {
    const text = 'must not be specified in a nested context';
    errors.push(forbiddenField(at.child('properties').key('metadata'), text));
  }
  return errors;
}
