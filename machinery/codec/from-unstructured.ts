/**
 * From a patched document to a typed object without a text in between, as the real server does
 * behind a strategic merge patch (apimachinery runtime.FromUnstructured). What fits is what a JSON
 * decoder takes too, but numbers wrap around, and the errors have words of their own.
 */
import type { Field, StructType, TypeRef } from '../schema/schema.ts';
import { converterOf } from './converters.ts';
import { convert, type Typed } from './decode.ts';
import { DecodeContext, DecodeError } from './decode-context.ts';
import { goTypeOf, goTypeOfField } from './go-types.ts';
import { setMember } from './json-text.ts';

/**
 * Converts a document to an object of `type` in normal form, reusing (and changing) `document`.
 * Unknown fields are dropped and reported in the order of their texts. Throws DecodeError.
 */
export function fromUnstructured(document: unknown, type: StructType): Typed {
  if (fits(document, { kind: 'struct', type })) {
    try {
      return { object: convert(document, type, false, false).object, strictErrors: [] };
    } catch (e) {
      // A text such as a quantity that cannot be read: the walk below words it.
      if (!(e instanceof DecodeError)) throw e;
    }
  }
  const unknown: string[] = [];
  readStruct(document, type, '', unknown);
  const { object } = convert(document, type, false, false);
  return { object, strictErrors: unknown.sort() };
}

const int32Limit = 2 ** 31;

/**
 * Whether every member is known and of a plain type that needs no second look; most documents are
 * like that, and this walk costs a fraction of the other. Texts and objects that types read by
 * themselves are left to the conversion.
 */
function fits(value: unknown, type: TypeRef): boolean {
  if (value === null || value === undefined) return true;
  switch (type.kind) {
    case 'struct':
      return fitsStruct(value, type.type);
    case 'list':
      return Array.isArray(value) && value.every((item) => fits(item, type.of));
    case 'map':
      return isMap(value) && Object.values(value).every((member) => fits(member, type.of));
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int32':
      return Number.isInteger(value) && Math.abs(value as number) < int32Limit;
    case 'int64':
      return Number.isSafeInteger(value);
    case 'double':
      return typeof value === 'number';
    case 'bytes':
      return false;
    default:
      return true;
  }
}

function fitsStruct(value: unknown, type: StructType): boolean {
  if (type.wraps !== undefined) return fits(value, type.wraps);
  if (!isMap(value)) return false;
  for (const name of Object.keys(value)) {
    const member = value[name];
    const field = type.byName.get(name);
    if (field !== undefined) {
      if (!fits(member, field.type)) return false;
    } else if (!type.typeMeta || (name !== 'kind' && name !== 'apiVersion')) {
      return false;
    } else if (isSet(member) && typeof member !== 'string') {
      return false;
    }
  }
  return true;
}

/** Checks a value that is not null; returns it, or the number it becomes. */
function read(value: unknown, type: TypeRef, goType: string, path: string, unknown: string[]) {
  switch (type.kind) {
    case 'struct':
      if (type.type.wraps !== undefined) {
        return read(value, type.type.wraps, goTypeOf(type.type.wraps), path, unknown);
      }
      return readStruct(value, type.type, path, unknown);
    case 'list':
      return readList(value, type.of, goType, path, unknown);
    case 'map':
      return readMap(value, type.of, goType, path, unknown);
    case 'string':
      return readString(value, goType);
    case 'bool':
      return typeof value === 'boolean' ? value : unrecognized('bool');
    case 'int32':
    case 'int64':
      return readInteger(value, type.kind);
    case 'double':
      return isNumber(value) ? Number(value) : unrecognized('float64');
    case 'bytes':
      return readBytes(value);
    default:
      return readByItself(value, type, goType);
  }
}

function readStruct(value: unknown, type: StructType, path: string, unknown: string[]): unknown {
  if (!isMap(value)) throw new DecodeError(`cannot restore struct from: ${kindOf(value)}`);
  for (const name of type.typeMeta ? ['kind', 'apiVersion'] : []) {
    if (isSet(value[name])) readString(value[name], 'string');
  }
  for (const field of type.fields) readField(value, field, type, path, unknown);
  for (const name of Object.keys(value)) {
    if (type.byName.has(name) || (type.typeMeta && (name === 'kind' || name === 'apiVersion'))) {
      continue;
    }
    unknown.push(`unknown field "${path === '' ? name : `${path}.${name}`}"`);
  }
  return value;
}

function readField(
  from: Record<string, unknown>,
  field: Field,
  type: StructType,
  path: string,
  unknown: string[],
): void {
  const { name } = field;
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  if (!isSet(value)) return;
  const at = path === '' ? name : `${path}.${name}`;
  const after = read(value, field.type, goTypeOfField(type.id, field), at, unknown);
  if (after !== value) from[name] = after;
}

function readList(
  value: unknown,
  of: TypeRef,
  goType: string,
  path: string,
  unknown: string[],
): unknown {
  if (!Array.isArray(value)) throw new DecodeError(`cannot restore slice from ${kindOf(value)}`);
  for (const [i, item] of value.entries()) {
    if (isSet(item)) value[i] = read(item, of, goType.slice(2), `${path}[${i}]`, unknown);
  }
  return value;
}

/** The real server's paths do not name the keys of maps. */
function readMap(
  value: unknown,
  of: TypeRef,
  goType: string,
  path: string,
  unknown: string[],
): unknown {
  if (!isMap(value)) throw new DecodeError(`cannot restore map from ${kindOf(value)}`);
  const goTypeOfMember = goType.startsWith('map[')
    ? goType.slice(goType.indexOf(']') + 1)
    : goTypeOf(of);
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (!isSet(member)) continue;
    const after = read(member, of, goTypeOfMember, path, unknown);
    if (after !== member) setMember(value, key, after);
  }
  return value;
}

function readString(value: unknown, goType: string): unknown {
  if (typeof value === 'string') return value;
  // Go can convert whole numbers to strings, as characters; this reader knows better.
  if (kindOf(value) === 'int64') throw new DecodeError(`cannot convert int64 to ${goType}`);
  return unrecognized('string');
}

function readInteger(value: unknown, kind: 'int32' | 'int64'): unknown {
  if (!isNumber(value)) return unrecognized(kind);
  if (typeof value === 'number' && !Number.isInteger(value)) {
    throw new DecodeError(`cannot convert float64 to ${kind}`);
  }
  const whole = BigInt(value);
  // What is beyond 64 bits is a float, which the processor turns into the least number.
  const wide = whole === BigInt.asIntN(64, whole) ? whole : -(2n ** 63n);
  const kept = kind === 'int32' ? BigInt.asIntN(32, wide) : wide;
  return Number.isSafeInteger(Number(kept)) ? Number(kept) : kept;
}

function readBytes(value: unknown): unknown {
  if (typeof value !== 'string')
    throw new DecodeError(`cannot restore slice from ${kindOf(value)}`);
  try {
    return readByItself(value, { kind: 'bytes' }, '[]uint8');
  } catch (e) {
    if (e instanceof DecodeError) throw new DecodeError(`error decoding from json: ${e.message}`);
    throw e;
  }
}

/** Types that read JSON by themselves do so here as well. */
function readByItself(value: unknown, type: TypeRef, goType: string): unknown {
  const context = new DecodeContext(false, false);
  converterOf(type, goType).convert(structuredClone(value), context);
  context.finish();
  return value;
}

function unrecognized(kind: string): never {
  throw new DecodeError(`unrecognized type: ${kind}`);
}

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Go's kind of a decoded JSON value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isSafeInteger(value) ? 'int64' : 'float64';
    case 'string':
      return 'string';
    default:
      return 'map';
  }
}
