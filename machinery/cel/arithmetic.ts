/** Arithmetic with the bounds of 64 bits: what does not fit is an error. */
import { Duration } from './duration.ts';
import { concatLists, ListValue } from './list-value.ts';
import { maxInt, maxUint, minInt } from './literals.ts';
import { maxUnixSeconds, minUnixSeconds, Timestamp } from './timestamp.ts';
import { CelError, noSuchOverload, type Result, Uint, type Value } from './values.ts';

const intOverflow = new CelError('integer overflow');
const uintOverflow = new CelError('unsigned integer overflow');
const divideByZero = new CelError('division by zero');
const modulusByZero = new CelError('modulus by zero');

/** The error of a time before year 1 or after year 9999. */
export const timestampOverflow = new CelError('timestamp overflow');

/** `n` as an int, or the error that it is none. */
export function checkedInt(n: bigint): bigint | CelError {
  return n < minInt || n > maxInt ? intOverflow : n;
}

/** `n` as a uint, or the error that it is none. */
export function checkedUint(n: bigint): Uint | CelError {
  return n < 0n || n > maxUint ? uintOverflow : new Uint(n);
}

function checkedDuration(nanos: bigint): Duration | CelError {
  const n = checkedInt(nanos);
  return n instanceof CelError ? n : new Duration(n);
}

/** `a + b`: numbers, text, bytes, lists, times and durations. */
export function add(a: Value, b: Value): Result {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? checkedInt(a + b) : noSuchOverload;
  if (typeof a === 'string') return typeof b === 'string' ? a + b : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a + b : noSuchOverload;
  if (a instanceof ListValue) return b instanceof ListValue ? concatLists(a, b) : noSuchOverload;
  if (a instanceof Uint) return b instanceof Uint ? checkedUint(a.value + b.value) : noSuchOverload;
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array ? new Uint8Array([...a, ...b]) : noSuchOverload;
  }
  if (a instanceof Duration) {
    if (b instanceof Duration) return checkedDuration(a.nanos + b.nanos);
    return b instanceof Timestamp ? later(b, a.nanos) : noSuchOverload;
  }
  if (a instanceof Timestamp && b instanceof Duration) return later(a, b.nanos);
  return noSuchOverload;
}

/** `a - b`. */
export function subtract(a: Value, b: Value): Result {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? checkedInt(a - b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a - b : noSuchOverload;
  if (a instanceof Uint) return b instanceof Uint ? checkedUint(a.value - b.value) : noSuchOverload;
  if (a instanceof Duration) {
    return b instanceof Duration ? checkedDuration(a.nanos - b.nanos) : noSuchOverload;
  }
  if (a instanceof Timestamp) {
    if (b instanceof Timestamp) return checkedDuration(nanosOf(a) - nanosOf(b));
    if (b instanceof Duration) return b.nanos === minInt ? intOverflow : later(a, -b.nanos);
  }
  return noSuchOverload;
}

/** `a * b`. */
export function multiply(a: Value, b: Value): Result {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? checkedInt(a * b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a * b : noSuchOverload;
  if (a instanceof Uint && b instanceof Uint) return checkedUint(a.value * b.value);
  return noSuchOverload;
}

/** `a / b`, towards zero. */
export function divide(a: Value, b: Value): Result {
  if (typeof a === 'number') return typeof b === 'number' ? a / b : noSuchOverload;
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return noSuchOverload;
    return b === 0n ? divideByZero : checkedInt(a / b);
  }
  if (!(a instanceof Uint && b instanceof Uint)) return noSuchOverload;
  return b.value === 0n ? divideByZero : new Uint(a.value / b.value);
}

/** `a % b`, with the sign of `a`. */
export function modulo(a: Value, b: Value): Result {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return noSuchOverload;
    if (b === 0n) return modulusByZero;
    return a === minInt && b === -1n ? intOverflow : a % b;
  }
  if (!(a instanceof Uint && b instanceof Uint)) return noSuchOverload;
  return b.value === 0n ? modulusByZero : new Uint(a.value % b.value);
}

/** `-a`. */
export function negate(a: Value): Result {
  if (typeof a === 'bigint') return checkedInt(-a);
  if (typeof a === 'number') return -a;
  return a instanceof Duration ? checkedDuration(-a.nanos) : noSuchOverload;
}

const second = 1_000_000_000n;

function nanosOf(t: Timestamp): bigint {
  return BigInt(t.seconds) * second + BigInt(t.nanos);
}

function later(t: Timestamp, nanos: bigint): Result {
  const sum = nanosOf(t) + nanos;
  const rest = ((sum % second) + second) % second;
  const seconds = Number((sum - rest) / second);
  if (seconds < minUnixSeconds || seconds > maxUnixSeconds) return timestampOverflow;
  return new Timestamp(seconds, Number(rest), t.offsetMinutes);
}
