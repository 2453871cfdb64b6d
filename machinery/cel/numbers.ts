/** Numbers of all three types, compared as the reference compares them. */
import { Uint, type Value } from './values.ts';

/** Whether `v` is an int, a uint or a double. */
export function isNumeric(v: Value): v is bigint | number | Uint {
  return typeof v === 'bigint' || typeof v === 'number' || v instanceof Uint;
}

/** -1, 0, 1, or NaN where one of them is. A large int meets a double rounded to one. */
export function compareNumbers(a: bigint | number | Uint, b: bigint | number | Uint): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return order(a, b);
  if (typeof a === 'number') return compareDouble(a, b);
  if (typeof b === 'number') return -compareDouble(b, a);
  return order(whole(a), whole(b));
}

function whole(n: bigint | Uint): bigint {
  return typeof n === 'bigint' ? n : n.value;
}

function compareDouble(a: number, b: bigint | number | Uint): number {
  if (Number.isNaN(a)) return Number.NaN;
  if (typeof b === 'number') return Number.isNaN(b) ? Number.NaN : order(a, b);
  const [least, most] = b instanceof Uint ? [0, 2 ** 64] : [-(2 ** 63), 2 ** 63];
  if (a < least) return -1;
  if (a > most) return 1;
  return order(a, Number(whole(b)));
}

function order<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A double in Go's `%g`: `1e+06`, `0.1`, `NaN`. */
export function formatDouble(d: number): string {
  if (!Number.isFinite(d)) return Number.isNaN(d) ? 'NaN' : d > 0 ? '+Inf' : '-Inf';
  if (d === 0) return Object.is(d, -0) ? '-0' : '0';
  const [mantissa, exponent] = d.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plainDecimal(d);
  const digits = String(Math.abs(power)).padStart(2, '0');
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`;
}

/** A double without an exponent, with the fewest digits that tell it from others. */
export function plainDecimal(d: number): string {
  const [mantissa, exponent] = d.toExponential().split('e') as [string, string];
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
