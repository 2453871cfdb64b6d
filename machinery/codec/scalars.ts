/**
 * One converter per scalar and special type of the table: from a parsed JSON value to its normal
 * form. `undefined` stands for unset (null, or a value of the wrong kind, which the context keeps).
 */
import { parseQuantity, QuantityError } from '../meta/quantity.ts';
import { formatDuration, parseDuration, TimeError } from '../meta/times.ts';
import type { ScalarKind, SpecialKind } from '../schema/schema.ts';
import { base64Error, canonicalBase64 } from './base64.ts';
import { type DecodeContext, DecodeError, sourceOf, withoutSpelling } from './decode-context.ts';
import { JsonNumber } from './json-text.ts';
import { normalMicroTime, normalTime } from './time-text.ts';

/** From parsed JSON to normal form; undefined: unset. May change the value in place. */
export type Convert = (value: unknown, context: DecodeContext) => unknown;

/** How one type is read and written. */
export interface Converter {
  readonly convert: Convert;
  /** The value where the type is not a pointer and nothing was given (a new one each time). */
  readonly zero: () => unknown;
  /** What `omitempty` leaves out. */
  readonly isEmpty: (value: unknown) => boolean;
  /** A Go struct: `omitempty` never leaves it out. */
  readonly structLike: boolean;
}

export type ScalarName = ScalarKind | Exclude<SpecialKind, `JSONSchemaProps${string}`>;

const never = () => false;

function scalar(convert: Convert, zero: unknown): Converter {
  return { convert, zero: () => zero, isEmpty: (v) => v === zero, structLike: false };
}

function special(convert: Convert, zero: unknown): Converter {
  return { convert, zero: () => zero, isEmpty: never, structLike: true };
}

const unset = (v: unknown): v is null | undefined => v === null || v === undefined;

/** A converter of whole numbers within [-2^(bits-1), 2^(bits-1)). */
function integer(bits: 32 | 64, goType: string): Convert {
  const limit = 2 ** (bits - 1);
  return (v, context) => {
    if (typeof v === 'number') {
      if (Number.isInteger(v) && v >= -limit && v < limit) return v === 0 ? 0 : v;
      return context.mismatch(v, goType, `number ${v}`);
    }
    if (typeof v === 'bigint') {
      if (BigInt.asIntN(bits, v) !== v) return context.mismatch(v, goType, `number ${v}`);
      return Number.isSafeInteger(Number(v)) ? Number(v) : v;
    }
    if (unset(v)) return undefined;
    if (v instanceof JsonNumber) return context.mismatch(v, goType, `number ${v.source}`);
    return context.mismatch(v, goType);
  };
}

/** Strings; `goType` is the named type that errors show. */
export function stringConvert(goType: string): Convert {
  return (v, context) => {
    if (typeof v === 'string') return v;
    return unset(v) ? undefined : context.mismatch(v, goType);
  };
}

function bool(v: unknown, context: DecodeContext): unknown {
  if (typeof v === 'boolean') return v;
  return unset(v) ? undefined : context.mismatch(v, 'bool');
}

function double(v: unknown, context: DecodeContext): unknown {
  if (typeof v === 'number') return v;
  if (unset(v)) return undefined;
  if (typeof v !== 'bigint' && !(v instanceof JsonNumber)) return context.mismatch(v, 'float64');
  const n = Number(v instanceof JsonNumber ? v.value : v);
  return Number.isFinite(n) ? n : context.mismatch(v, 'float64', `number ${sourceOf(v)}`);
}

function bytes(v: unknown, context: DecodeContext): unknown {
  if (unset(v)) return undefined;
  if (Array.isArray(v)) return bytesFromList(v, context);
  if (typeof v !== 'string') return context.mismatch(v, '[]uint8');
  return canonicalBase64(v) ?? context.remember(base64Error(v) ?? 'illegal base64 data');
}

/** Go takes a list of small numbers for bytes, too. */
function bytesFromList(list: readonly unknown[], context: DecodeContext): string {
  const values = list.map((v) => {
    if (typeof v === 'number' && Number.isInteger(v) && v >= 0 && v < 256) return v;
    if (unset(v)) return 0;
    const number = typeof v === 'number' || typeof v === 'bigint' || v instanceof JsonNumber;
    context.mismatch(v, 'uint8', number ? `number ${sourceOf(v)}` : undefined);
    return 0;
  });
  return Buffer.from(values).toString('base64');
}

/** Reads a text with a parser of its own, whose failure ends decoding. */
function text(parse: (text: string) => unknown): Convert {
  return (v, context) => {
    if (unset(v)) return undefined;
    if (typeof v !== 'string') return context.mismatchNow(v, 'string');
    return reread(v, parse);
  };
}

function reread(v: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(v);
  } catch (e) {
    if (e instanceof TimeError || e instanceof QuantityError) throw new DecodeError(e.message);
    throw e;
  }
}

const canonicalQuantity = (s: string) => parseQuantity(s.trim()).toString();

function quantity(v: unknown): unknown {
  if (unset(v)) return undefined;
  if (typeof v === 'string') return reread(v, canonicalQuantity);
  // The real server parses whatever stands there; of a number that is its spelling.
  const isNumber = typeof v === 'number' || typeof v === 'bigint' || v instanceof JsonNumber;
  return reread(isNumber ? sourceOf(v) : JSON.stringify(v), canonicalQuantity);
}

function intOrString(v: unknown, context: DecodeContext): unknown {
  if (typeof v === 'string' || unset(v)) return v ?? undefined;
  const n = typeof v === 'number' && Number.isInteger(v) ? v : undefined;
  if (n !== undefined && n >= -(2 ** 31) && n < 2 ** 31) return n === 0 ? 0 : n;
  const number = typeof v === 'number' || typeof v === 'bigint' || v instanceof JsonNumber;
  return context.mismatchNow(v, 'int32', number ? `number ${sourceOf(v)}` : undefined);
}

function duration(v: unknown, context: DecodeContext): unknown {
  if (v === undefined) return undefined;
  if (v !== null && typeof v !== 'string') return context.mismatchNow(v, 'string');
  return reread(v ?? '', (s) => formatDuration(parseDuration(s)));
}

/** Any JSON, kept as it is. */
function raw(v: unknown, context: DecodeContext): unknown {
  if (unset(v)) return undefined;
  return context.spelled ? withoutSpelling(v) : v;
}

/** All converters that need no other type. */
export const scalars: Readonly<Record<ScalarName, Converter>> = {
  string: scalar(stringConvert('string'), ''),
  bool: scalar(bool, false),
  int32: scalar(integer(32, 'int32'), 0),
  int64: scalar(integer(64, 'int64'), 0),
  double: scalar(double, 0),
  bytes: { convert: bytes, zero: () => null, isEmpty: (v) => v === '', structLike: false },
  Time: special(text(normalTime), null),
  MicroTime: special(text(normalMicroTime), null),
  Duration: special(duration, '0s'),
  Quantity: special(quantity, '0'),
  IntOrString: special(intOrString, 0),
  RawExtension: special(raw, null),
  JSON: special(raw, null),
  FieldsV1: special(raw, null),
};
