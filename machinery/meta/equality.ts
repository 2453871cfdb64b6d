/**
 * Equality of JSON values as the API means it: an absent field, null, an empty list and an empty
 * map are the same; the order of a map's keys does not matter. Quantities and times are compared
 * by their text (objects in the store carry canonical ones); semanticEqual knows the types.
 */

import type { StructType, TypeRef } from '../schema/schema.ts';
import { member } from './member.ts';
import { parseQuantity } from './quantity.ts';
import { parseTime } from './times.ts';

/** True for what an absent field equals: undefined, null, `[]` and `{}`. */
export function isEmptyValue(v: unknown): boolean {
  if (v === undefined || v === null) return true;
  if (typeof v !== 'object') return false;
  if (Array.isArray(v)) return v.length === 0;
  for (const _ in v) return false;
  return true;
}

/** Semantic equality: what decides whether a field that must not change has changed. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return isEmptyValue(a) && isEmptyValue(b);
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return isEmptyValue(a) && isEmptyValue(b);
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false;
    return true;
  }
  const x = a as Record<string, unknown>;
  const y = b as Record<string, unknown>;
  for (const k in x) if (!deepEqual(x[k], y[k])) return false;
  for (const k in y) if (member(x, k) === undefined && !isEmptyValue(y[k])) return false;
  return true;
}

/** Strict equality of JSON values: `{}` and absent differ; undefined members do not count. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!jsonEqual(a[i], b[i])) return false;
    return true;
  }
  const x = a as Record<string, unknown>;
  const y = b as Record<string, unknown>;
  for (const k in x) if (!jsonEqual(x[k], y[k])) return false;
  for (const k in y) if (y[k] !== undefined && member(x, k) === undefined) return false;
  return true;
}

/**
 * Semantic equality of two values of one type: as deepEqual, and with the type's knowledge.
 * A zero that is no pointer equals an absent one, `{}` behind a pointer does not; quantities and
 * times are compared by value.
 */
export function semanticEqual(type: TypeRef, a: unknown, b: unknown): boolean {
  // What is the same to the letter, the usual thing, is seen without looking at every field.
  return jsonEqual(a, b) || valuesEqual(type, a, b);
}

function valuesEqual(type: TypeRef, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  switch (type.kind) {
    case 'struct':
      return structsEqual(type.type, a, b);
    case 'list':
      return listsEqual(type.of, (a ?? []) as unknown[], (b ?? []) as unknown[]);
    case 'map':
      return mapsEqual(type.of, (a ?? {}) as JsonObject, (b ?? {}) as JsonObject);
    case 'Quantity':
      return parseQuantity(String(a ?? 0)).equals(parseQuantity(String(b ?? 0)));
    case 'Time':
    case 'MicroTime':
      return isSet(a) && isSet(b) && parseTime(String(a)) === parseTime(String(b));
    case 'bytes':
      return (a ?? '') === (b ?? '');
    default:
      return deepEqual(a, b);
  }
}

type JsonObject = Record<string, unknown>;

function isSet(v: unknown): boolean {
  return v !== undefined && v !== null;
}

function structsEqual(type: StructType, a: unknown, b: unknown): boolean {
  if (type.special !== undefined || type.wraps !== undefined) return deepEqual(a, b);
  const x = (a ?? {}) as JsonObject;
  const y = (b ?? {}) as JsonObject;
  for (const f of type.fields) {
    const v = x[f.name] ?? undefined;
    const w = y[f.name] ?? undefined;
    if (v === w) continue;
    // Lists and maps are never behind pointers: absent ones equal empty ones.
    const pointer = f.pointer && f.type.kind !== 'list' && f.type.kind !== 'map';
    if (pointer && (v === undefined) !== (w === undefined)) return false;
    if (!valuesEqual(f.type, v ?? zeroOf(f.type), w ?? zeroOf(f.type))) return false;
  }
  return true;
}

function zeroOf(type: TypeRef): unknown {
  switch (type.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'Quantity':
      return 0;
    default:
      return undefined;
  }
}

function listsEqual(of: TypeRef, a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!valuesEqual(of, a[i], b[i])) return false;
  return true;
}

function mapsEqual(of: TypeRef, a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const k of keys) if (!Object.hasOwn(b, k) || !valuesEqual(of, a[k], b[k])) return false;
  return true;
}
