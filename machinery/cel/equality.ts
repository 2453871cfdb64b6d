/** When values are equal: numbers by value across their types, lists and maps by what is in them. */
import { Duration } from './duration.ts';
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import { compareNumbers, isNumeric } from './numbers.ts';
import { Timestamp } from './timestamp.ts';
import { CelType } from './types.ts';
import { CelError, ObjectValue, Optional, type Value } from './values.ts';

/** `a == b`. Values of different kinds are not equal, which is no error. */
export function equalValues(a: Value, b: Value): boolean {
  if (typeof a === 'object') return a === null ? b === null : equalObjects(a, b);
  if (typeof a === typeof b && typeof a !== 'number') return a === b;
  if (typeof a === 'string' || typeof a === 'boolean') return false;
  return isNumeric(b) && compareNumbers(a, b) === 0;
}

function equalObjects(a: object & Value, b: Value): boolean {
  if (b === null || typeof b !== 'object') {
    return isNumeric(a) && isNumeric(b) && compareNumbers(a, b) === 0;
  }
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b);
  if (isNumeric(a)) return isNumeric(b) && compareNumbers(a, b) === 0;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.compare(b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name;
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b);
  return a instanceof ObjectValue && a.equals(b);
}

function equalOptionals(a: Optional, b: Optional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equalValues(a.value, b.value);
}

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.equals !== undefined) return a.equals(b);
  const size = a.size();
  if (size !== b.size()) return false;
  for (let i = 0; i < size; i++) if (!equalValues(a.at(i), b.at(i))) return false;
  return true;
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.equals !== undefined) return a.equals(b);
  if (a.size() !== b.size()) return false;
  for (const key of a.keys()) {
    const left = a.find(key);
    const right = b.find(key);
    if (left === undefined || left instanceof CelError) return false;
    if (right === undefined || right instanceof CelError) return false;
    if (!equalValues(left, right)) return false;
  }
  return true;
}
