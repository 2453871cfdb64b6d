/** Values as literals of the language, for tests and for people. */
import { quote } from '../meta/field-error.ts';
import { durationSeconds } from './conversions.ts';
import { Duration } from './duration.ts';
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import { plainDecimal } from './numbers.ts';
import { Timestamp } from './timestamp.ts';
import { CelType } from './types.ts';
import { CelError, Optional, type Result, Uint } from './values.ts';

/** `value` as an expression that gives it, entries of maps sorted by their keys. */
export function literalText(value: Result): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return doubleText(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint) return `${value}u`;
  if (value instanceof Uint8Array) {
    return `b"${[...value].map((c) => `\\${c.toString(8).padStart(3, '0')}`).join('')}"`;
  }
  if (value instanceof Timestamp) {
    return `timestamp("${new Timestamp(value.seconds, value.nanos)}")`;
  }
  if (value instanceof Duration) return `duration("${durationSeconds(value)}")`;
  if (value instanceof ListValue) return `[${[...value].map(literalText).join(', ')}]`;
  if (value instanceof MapValue) return mapText(value);
  if (value instanceof Optional) {
    return value.value === undefined
      ? 'optional.none()'
      : `optional.of(${literalText(value.value)})`;
  }
  if (value instanceof CelType) return value.name;
  return value instanceof CelError ? value.message : value.toString();
}

function doubleText(n: number): string {
  if (Number.isNaN(n)) return 'double("NaN")';
  if (!Number.isFinite(n)) return `double("${n > 0 ? '' : '-'}Infinity")`;
  const digits = n === 0 ? (Object.is(n, -0) ? '-0' : '0') : plainDecimal(n);
  return digits.includes('.') ? digits : `${digits}.0`;
}

function mapText(map: MapValue): string {
  const entries = [...map.keys()].map(
    (key) => [literalText(key), literalText(map.find(key) ?? null)] as const,
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
}
