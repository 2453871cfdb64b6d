/** Objects that are nearly right: valid ones with some of their parts changed. */
import type { Field, StructType, TypeRef } from '../../machinery/schema/schema.ts';
import { textsOfMeaning } from './fuzz-values.ts';
import type { Random } from './random.ts';

type Json = Record<string, unknown>;

const numbers = [0, 1, 2, -1, 80, 443, 65_535, 65_536, 2 ** 31 - 1, -(2 ** 31), 100, 101];
const maxDepth = 5;

/** Changes an object of the type at one to four places, in place; all values fit their types. */
export function mutate(object: object, type: StructType, random: Random): void {
  for (let n = 1 + random.below(4); n > 0; n--) mutateStruct(object as Json, type, random, 0);
}

function mutateStruct(object: Json, type: StructType, random: Random, depth: number): void {
  const present = type.fields.filter((f) => object[f.name] !== undefined);
  // Mostly deeper into what is there, so that what is looked at first stays right.
  if (present.length > 0 && !random.oneIn(4)) {
    const field = random.pick(present);
    const value = object[field.name];
    if (inner(field.type, value, random, depth)) return;
    object[field.name] = random.oneIn(5) ? undefined : valueOfField(field, random, depth);
    return;
  }
  if (type.fields.length === 0) return;
  const field = random.pick(type.fields);
  object[field.name] = valueOfField(field, random, depth);
}

/** Changes something inside a value; false when it has no inside, or it is its turn. */
function inner(type: TypeRef, value: unknown, random: Random, depth: number): boolean {
  if (random.oneIn(6)) return false;
  if (type.kind === 'struct' && isMap(value) && type.type.fields.length > 0) {
    if (type.type.wraps !== undefined || type.type.special !== undefined) return false;
    mutateStruct(value, type.type, random, depth + 1);
    return true;
  }
  if (type.kind === 'list' && Array.isArray(value) && value.length > 0) {
    const at = random.below(value.length);
    switch (random.below(5)) {
      case 0:
        value.splice(at, 1);
        return true;
      case 1:
        value.push(structuredClone(value[at]));
        return true;
      case 2:
        value.push(fitting(type.of, random, depth + 1));
        return true;
      default:
        if (!inner(type.of, value[at], random, depth)) value[at] = fitting(type.of, random, depth);
        return true;
    }
  }
  if (type.kind === 'map' && isMap(value)) {
    value[random.pick(textsOfMeaning)] = fitting(type.of, random, depth + 1);
    return true;
  }
  return false;
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueOfField(field: Field, random: Random, depth: number): unknown {
  if (field.enum !== undefined && field.enum.length > 0 && !random.oneIn(6)) {
    return random.pick(field.enum);
  }
  return fitting(field.type, random, depth + 1);
}

function fitting(type: TypeRef, random: Random, depth: number): unknown {
  switch (type.kind) {
    case 'struct':
      if (type.type.special !== undefined)
        return fitting({ kind: type.type.special }, random, depth);
      if (type.type.wraps !== undefined) return fitting(type.type.wraps, random, depth);
      return structOf(type.type, random, depth);
    case 'list':
      return depth > maxDepth ? [] : listOf(type.of, random, depth);
    case 'map':
      if (depth > maxDepth) return {};
      return { [random.pick(textsOfMeaning)]: fitting(type.of, random, depth + 1) };
    case 'bool':
      return random.oneIn(2);
    case 'int32':
    case 'int64':
    case 'double':
      return random.pick(numbers);
    case 'IntOrString':
      return random.pick<unknown>([0, 1, -1, 80, '50%', '101%', '-1%', 'http', '', 'x'.repeat(64)]);
    case 'Quantity':
      return random.pick([
        '0',
        '1',
        '-1',
        '100m',
        '1Gi',
        '0.5',
        '1e9',
        '9223372036854775807',
        '1n',
      ]);
    case 'Time':
      return random.pick(['2026-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z']);
    case 'MicroTime':
      return '2026-01-01T00:00:00.000001Z';
    case 'Duration':
      return random.pick(['0s', '1m0s', '-1s', '2562047h47m16.854775807s']);
    case 'bytes':
      return random.pick(['', 'YWJj', 'LS0tLS1CRUdJTg==']);
    case 'RawExtension':
    case 'JSON':
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrStringArray':
      return random.pick<unknown>([{}, { type: 'object' }, { a: [1, null, 'x'] }, null]);
    case 'FieldsV1':
      return random.pick<unknown>([{}, { 'f:a': {} }, { 'k:{"a":1}': { '.': {} } }, { x: {} }]);
    default:
      return random.pick(textsOfMeaning);
  }
}

function structOf(type: StructType, random: Random, depth: number): Json {
  const out: Json = {};
  if (depth > maxDepth) return out;
  for (const field of type.fields) {
    const wanted = field.required
      ? !random.oneIn(8)
      : random.oneIn(Math.max(3, type.fields.length / 2));
    if (wanted) out[field.name] = valueOfField(field, random, depth);
  }
  return out;
}

function listOf(type: TypeRef, random: Random, depth: number): unknown[] {
  return Array.from({ length: random.below(3) }, () => fitting(type, random, depth + 1));
}
