/**
 * Values at run time. Integers are bigint: exact in 64 bits, and never taken for a double, which is
 * a number. Failures are values too (CelError): `||` and `&&` look at both sides before they fail.
 */
import type { Duration } from './duration.ts';
import type { ListValue } from './list-value.ts';
import type { MapValue } from './map-value.ts';
import type { Timestamp } from './timestamp.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  intType,
  nullType,
  optionalType,
  stringType,
  uintType,
} from './types.ts';

/** Everything an expression can work with. Values are never changed. */
export type Value =
  | boolean
  | bigint
  | number
  | string
  | null
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | ListValue
  | MapValue
  | Optional
  | ObjectValue
  | CelType;

/** What a step of evaluation gives. */
export type Result = Value | CelError;

/** A failure at run time; `message` is what users see: `no such key: x`. */
export class CelError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }

  toString(): string {
    return this.message;
  }
}

/** `no such overload`: what an implementation answers for arguments it does not take. */
export const noSuchOverload = new CelError('no such overload');

/** An unsigned 64-bit integer; who makes one has checked the range. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }

  get type(): CelType {
    return uintType;
  }

  toString(): string {
    return this.value.toString();
  }
}

const optionalOfDyn = optionalType(dynType);

/** A value that may be missing; `Optional.none` is the one without. */
export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;

  private constructor(value: Value | undefined) {
    this.value = value;
  }

  static of(value: Value): Optional {
    return new Optional(value);
  }

  get type(): CelType {
    return optionalOfDyn;
  }

  toString(): string {
    return this.value === undefined ? 'optional.none()' : `optional(${formatValue(this.value)})`;
  }
}

/**
 * A value of a library's own kind. Opaque ones (an IP address, an authorizer) have a type only;
 * objects with fields (`Object{…}` of mutations) also answer for them.
 */
export abstract class ObjectValue {
  /** Its type; functions take it by `type.name`. */
  abstract readonly type: CelType;

  /** Whether `other` is the same, for `==` and `in`; an error for what it is not compared with. */
  abstract equals(other: Value): boolean | CelError;

  /** The value of a field. Opaque types leave it out and have none. */
  get?(field: string): Result;

  /** Whether a field is there, for `has(x.field)` and `x.?field`. */
  isSet?(field: string): boolean | CelError;

  /** What `size(x)` is where it has one; costs go by it. */
  size?(): number;

  /** Whether it counts as empty for `optional.ofNonZeroValue(x)`. */
  isZero(): boolean {
    return false;
  }

  /** As messages print it. */
  toString(): string {
    return this.type.name;
  }
}

/** The type of a value, parameters aside (a list is a `list(dyn)`). */
export function typeOf(value: Value): CelType {
  switch (typeof value) {
    case 'string':
      return stringType;
    case 'bigint':
      return intType;
    case 'boolean':
      return boolType;
    case 'number':
      return doubleType;
    default:
      if (value === null) return nullType;
      return value instanceof Uint8Array ? bytesType : value.type;
  }
}

/** A value as messages print it (`no such key: x`): strings bare, integers in decimal. */
export function formatValue(value: Value): string {
  if (value === null) return '0';
  if (value instanceof Uint8Array) return `[${[...value].join(' ')}]`;
  return String(value);
}
