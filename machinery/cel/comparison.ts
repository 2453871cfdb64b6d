/** The order of values, for `<` and its like. */
import { Duration } from './duration.ts';
import { compareNumbers, isNumeric } from './numbers.ts';
import { Timestamp } from './timestamp.ts';
import { CelError, noSuchOverload, type Value } from './values.ts';

const notANumber = new CelError('NaN values cannot be ordered');

/** Below zero, zero or above as `a` comes before, with or after `b`. */
export function compareValues(a: Value, b: Value): number | CelError {
  if (isNumeric(a)) {
    if (!isNumeric(b))
      return typeof a === 'number' && Number.isNaN(a) ? notANumber : noSuchOverload;
    const order = compareNumbers(a, b);
    return Number.isNaN(order) ? notANumber : order;
  }
  if (typeof a === 'string') return typeof b === 'string' ? compareStrings(a, b) : noSuchOverload;
  if (typeof a === 'boolean') {
    return typeof b === 'boolean' ? Number(a) - Number(b) : noSuchOverload;
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array ? Buffer.compare(a, b) : noSuchOverload;
  }
  if (a instanceof Timestamp) return b instanceof Timestamp ? a.compare(b) : noSuchOverload;
  if (a instanceof Duration) {
    if (!(b instanceof Duration)) return noSuchOverload;
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  }
  return noSuchOverload;
}

/** By code points, as bytes of UTF-8 are ordered. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Halves of characters beyond the first plane stand before its last few thousand.
    if (x >= 0xd800 && y >= 0xd800) {
      const wide = (unit: number): boolean => unit <= 0xdfff;
      if (wide(x) !== wide(y)) return wide(x) ? 1 : -1;
    }
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
