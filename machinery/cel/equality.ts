/** When values are equal: numbers by value whatever their types, lists and maps by their parts. */
import { Duration } from './duration.ts';
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import { compareNumbers, isNumeric } from './numbers.ts';
import { Timestamp } from './timestamp.ts';
import { CelType } from './types.ts';
import { CelError, ObjectValue, Optional, type Value } from './values.ts';

/** Whether `a == b` is true; also where comparing them is an error it is not. */
export function equalValues(a: Value, b: Value): boolean {
  return equality(a, b) === true;
}

/**
 * `a == b`. Values of different kinds are not equal, which is no error, but values of libraries may
 * refuse to be compared with others.
 */
export function equality(a: Value, b: Value): boolean | CelError {
  if (typeof a === 'object') return a === null ? b === null : equalObjects(a, b);
  if (typeof a === typeof b && typeof a !== 'number') return a === b;
  if (typeof a === 'string' || typeof a === 'boolean') return false;
  return isNumeric(b) && compareNumbers(a, b) === 0;
}

function equalObjects(a: object & Value, b: Value): boolean | CelError {
  if (b === null) return false;
  if (isNumeric(a)) return isNumeric(b) && compareNumbers(a, b) === 0;
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b);
  if (a instanceof ObjectValue) return a.equals(b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.compare(b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name;
  return b instanceof Optional && equalOptionals(a, b);
}

function equalOptionals(a: Optional, b: Optional): boolean | CelError {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equality(a.value, b.value);
}

/** Items that cannot be compared do not make a difference. */
function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.equals !== undefined) return a.equals(b);
  const size = a.size();
  if (size !== b.size()) return false;
  for (let i = 0; i < size; i++) if (equality(a.at(i), b.at(i)) === false) return false;
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
    if (equality(left, right) === false) return false;
  }
  return true;
}
