/** Values of expressions as JSON, for patches. */
import { durationSeconds } from '../../machinery/cel/conversions.ts';
import { Duration } from '../../machinery/cel/duration.ts';
import { ListValue } from '../../machinery/cel/list-value.ts';
import { MapValue } from '../../machinery/cel/map-value.ts';
import { Timestamp } from '../../machinery/cel/timestamp.ts';
import { CelError, formatValue, typeOf, Uint, type Value } from '../../machinery/cel/values.ts';
import { quote } from '../../machinery/meta/field-error.ts';
import { ObjectPart } from './mutation-types.ts';

/** Throws an Error for what JSON cannot hold. Integers beyond its numbers become texts. */
export function jsonOf(value: Value): unknown {
  switch (typeof value) {
    case 'bigint':
      return wholeNumber(value);
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Error(`${formatValue(value)} is no number of JSON`);
    case 'string':
    case 'boolean':
      return value;
    default:
      return value === null ? null : jsonOfObject(value);
  }
}

function wholeNumber(n: bigint): number | string {
  const number = Number(n);
  return Number.isSafeInteger(number) ? number : String(n);
}

function jsonOfObject(value: Exclude<Value, null | bigint | number | string | boolean>): unknown {
  if (value instanceof ListValue) return [...value].map(jsonOf);
  if (value instanceof MapValue) return entriesOf(value);
  if (value instanceof ObjectPart) return partOf(value);
  if (value instanceof Uint) return wholeNumber(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return String(value);
  if (value instanceof Duration) return durationSeconds(value);
  const name = typeOf(value).name.split('.').at(-1)!;
  throw new Error(`type conversion error from '${name}' to '*structpb.Value'`);
}

/** The fields of a part of an object. */
export function partOf(part: ObjectPart): Record<string, unknown> {
  const entries = [...part.fields].map(([name, value]) => {
    try {
      return [name, jsonOf(value)] as const;
    } catch (e) {
      throw new Error(`fail to convert field ${quote(name)}: ${(e as Error).message}`);
    }
  });
  return Object.fromEntries(entries);
}

function entriesOf(map: MapValue): Record<string, unknown> {
  const out: [string, unknown][] = [];
  for (const key of map.keys()) {
    if (typeof key !== 'string') {
      throw new Error(`unsupported type conversion from '${typeOf(key)}' to string`);
    }
    const value = map.find(key);
    if (value instanceof CelError) throw new Error(value.message);
    out.push([key, jsonOf(value ?? null)]);
  }
  return Object.fromEntries(out);
}

/** Where the names of types do not say where their parts stand; empty when all do. */
export function misplacedParts(value: Value, path?: string): string[] {
  if (value instanceof ObjectPart) {
    const { name } = value.type;
    const expected = path ?? name;
    const problems = [...value.fields].flatMap(([field, v]) =>
      misplacedParts(v, `${expected}.${field}`),
    );
    if (name === expected) return problems;
    const why = 'which matches field name path from root Object type';
    return [
      `unexpected type name ${quote(name)}, expected ${quote(expected)}, ${why}`,
      ...problems,
    ];
  }
  // Items stand where their lists and maps do.
  if (value instanceof ListValue) return [...value].flatMap((v) => misplacedParts(v, path));
  if (!(value instanceof MapValue)) return [];
  return [...value.keys()].flatMap((key) => {
    const v = value.find(key);
    return v === undefined || v instanceof CelError ? [] : misplacedParts(v, path);
  });
}
