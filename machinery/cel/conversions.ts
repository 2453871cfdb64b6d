/** Values of one type made from another: `int(x)`, `string(x)` and their like. */
import { checkedInt, checkedUint, timestampOverflow } from './arithmetic.ts';
import { Duration } from './duration.ts';
import { maxInt, maxUint, minInt } from './literals.ts';
import { formatDouble, plainDecimal } from './numbers.ts';
import { parseDuration, parseTimestamp } from './time-parsing.ts';
import { maxUnixSeconds, minUnixSeconds, Timestamp } from './timestamp.ts';
import type { CelType } from './types.ts';
import * as types from './types.ts';
import { CelError, type Result, typeOf, Uint, type Value } from './values.ts';

function cannot(value: Value, to: CelType): CelError {
  return new CelError(`type conversion error from '${typeOf(value)}' to '${to}'`);
}

/** `int(v)`: doubles lose their fraction, times are Unix seconds, durations nanoseconds. */
export function toInt(v: Value): Result {
  if (typeof v === 'bigint') return v;
  if (typeof v === 'number') {
    const fits = v > -(2 ** 63) && v < 2 ** 63;
    return fits ? BigInt(Math.trunc(v)) : checkedInt(maxInt + 1n);
  }
  if (v instanceof Uint) return checkedInt(v.value);
  if (v instanceof Duration) return v.nanos;
  if (v instanceof Timestamp) return BigInt(v.seconds);
  if (typeof v === 'string' && /^[+-]?\d+$/.test(v)) {
    const n = BigInt(v.replace(/^\+/, ''));
    if (n >= minInt && n <= maxInt) return n;
  }
  return cannot(v, types.intType);
}

/** `uint(v)`. */
export function toUint(v: Value): Result {
  if (v instanceof Uint) return v;
  if (typeof v === 'bigint') return checkedUint(v);
  if (typeof v === 'number') {
    return v >= 0 && v < 2 ** 64 ? new Uint(BigInt(Math.trunc(v))) : checkedUint(-1n);
  }
  if (typeof v === 'string' && /^\d+$/.test(v)) {
    const n = BigInt(v);
    if (n <= maxUint) return new Uint(n);
  }
  return cannot(v, types.uintType);
}

const special: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  nan: Number.NaN,
};

/** `double(v)`: text as Go reads it, hexadecimal and infinities included. */
export function toDouble(v: Value): Result {
  if (typeof v === 'number') return v;
  if (typeof v === 'bigint') return Number(v);
  if (v instanceof Uint) return Number(v.value);
  const n = typeof v === 'string' ? parseDouble(v) : undefined;
  return n ?? cannot(v, types.doubleType);
}

function parseDouble(text: string): number | undefined {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text)!;
  const named = special[rest!.toLowerCase()];
  const n = named ?? (hexDouble(rest!) || decimalDouble(rest!));
  if (n === undefined) return undefined;
  if (Number.isNaN(n)) return sign === '' ? n : undefined;
  return sign === '-' ? -n : n;
}

function decimalDouble(text: string): number | undefined {
  if (!/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const n = Number(text);
  return Number.isFinite(n) ? n : undefined;
}

function hexDouble(text: string): number | undefined {
  const m = /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/.exec(text);
  if (m === null || m[1] + m[2]! === '') return undefined;
  const n = Number(BigInt(`0x${m[1]}${m[2]}`)) * 2 ** (Number(m[3]) - 4 * m[2]!.length);
  return Number.isFinite(n) ? n : undefined;
}

/** `string(v)`. */
export function toText(v: Value): Result {
  if (typeof v === 'string') return v;
  if (typeof v === 'number') return formatDouble(v);
  if (typeof v === 'bigint' || typeof v === 'boolean') return String(v);
  if (v === null) return 'null';
  if (v instanceof Uint || v instanceof Timestamp) return v.toString();
  if (v instanceof Duration) return durationSeconds(v);
  if (v instanceof types.CelType) return v.name;
  if (v instanceof Uint8Array) {
    try {
      return strictUtf8.decode(v);
    } catch {
      return new CelError('invalid UTF-8 in bytes, cannot convert to string');
    }
  }
  return cannot(v, types.stringType);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A duration in seconds, with what fraction it has: `90s`, `0.5s`. */
export function durationSeconds({ nanos }: Duration): string {
  const whole = Number(nanos / 1_000_000_000n);
  const seconds = whole + Number(nanos % 1_000_000_000n) / 1e9;
  return `${seconds === 0 ? '0' : plainDecimal(seconds)}s`;
}

const truths: Readonly<Record<string, boolean>> = {
  ...{ '1': true, t: true, T: true, true: true, TRUE: true, True: true },
  ...{ '0': false, f: false, F: false, false: false, FALSE: false, False: false },
};

/** `bool(v)`: text as Go reads it, `t` and `1` included. */
export function toBool(v: Value): Result {
  if (typeof v === 'boolean') return v;
  const known = typeof v === 'string' && Object.hasOwn(truths, v) ? truths[v] : undefined;
  return known ?? cannot(v, types.boolType);
}

/** `bytes(v)`. */
export function toBytes(v: Value): Result {
  if (v instanceof Uint8Array) return v;
  return typeof v === 'string' ? new TextEncoder().encode(v) : cannot(v, types.bytesType);
}

/** `timestamp(v)`: RFC 3339 or Unix seconds. */
export function toTimestamp(v: Value): Result {
  if (v instanceof Timestamp) return v;
  if (typeof v === 'bigint') {
    const within = v >= BigInt(minUnixSeconds) && v <= BigInt(maxUnixSeconds);
    return within ? new Timestamp(Number(v), 0) : timestampOverflow;
  }
  const t = typeof v === 'string' ? parseTimestamp(v) : undefined;
  if (t === undefined) return cannot(v, types.timestampType);
  return t.seconds < minUnixSeconds || t.seconds > maxUnixSeconds ? timestampOverflow : t;
}

/** `duration(v)`. */
export function toDuration(v: Value): Result {
  if (v instanceof Duration) return v;
  return (typeof v === 'string' ? parseDuration(v) : undefined) ?? cannot(v, types.durationType);
}
