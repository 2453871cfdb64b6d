/**
 * The messages every expression can name and make: `google.protobuf.Duration{seconds: 5}`. They
 * become values of the language at once; only the empty message stays an object.
 */
import { checkedInt, timestampOverflow } from '../arithmetic.ts';
import { toText } from '../conversions.ts';
import { Duration } from '../duration.ts';
import { ArrayList, ListValue } from '../list-value.ts';
import { EntriesMap, MapValue } from '../map-value.ts';
import { maxUnixSeconds, minUnixSeconds, Timestamp } from '../timestamp.ts';
import type { TypeProvider } from '../type-provider.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynListType,
  dynType,
  intType,
  mapType,
  nullType,
  objectType,
  stringType,
  uintType,
  wellKnownTypes,
} from '../types.ts';
import { CelError, ObjectValue, type Result, Uint, type Value } from '../values.ts';

type Fields = ReadonlyMap<string, Value>;

interface Message {
  readonly fields: Readonly<Record<string, CelType>>;
  readonly make: (fields: Fields) => Result;
}

const emptyName = 'google.protobuf.Empty';
const emptyType = objectType(emptyName);

class EmptyMessage extends ObjectValue {
  readonly type = emptyType;

  equals(other: Value): boolean {
    return other instanceof EmptyMessage;
  }

  override isZero(): boolean {
    return true;
  }
}

function wrapper(type: CelType, zero: Value, fitted: (value: Value) => Result = (v) => v): Message {
  return { fields: { value: type }, make: (given) => fitted(given.get('value') ?? zero) };
}

function within(value: Value, type: string, least: bigint, most: bigint): Result {
  const n = value instanceof Uint ? value.value : (value as bigint);
  if (n >= least && n <= most) return value;
  const overflow = `${least < 0n ? '' : 'unsigned '}integer overflow`;
  return new CelError(
    `field type conversion error for google.protobuf.${type}.value value type: ${overflow}`,
  );
}

function int(value: Value | undefined): bigint {
  return typeof value === 'bigint' ? value : 0n;
}

const second = 1_000_000_000n;

function timestamp(given: Fields): Result {
  const nanos = int(given.get('nanos'));
  const seconds = int(given.get('seconds')) + (nanos - mod(nanos)) / second;
  const fits = seconds >= BigInt(minUnixSeconds) && seconds <= BigInt(maxUnixSeconds);
  return fits ? new Timestamp(Number(seconds), Number(mod(nanos))) : timestampOverflow;
}

function mod(nanos: bigint): bigint {
  return ((nanos % second) + second) % second;
}

function duration(given: Fields): Result {
  const nanos = checkedInt(int(given.get('seconds')) * second + int(given.get('nanos')));
  return nanos instanceof CelError ? nanos : new Duration(nanos);
}

/** What is left of a value in JSON: whole numbers are doubles, times and bytes are text. */
function json(value: Value): Value {
  if (typeof value === 'bigint' || value instanceof Uint) {
    const n = Number(value instanceof Uint ? value.value : value);
    return Number.isSafeInteger(n) ? n : value.toString();
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof ListValue) return new ArrayList([...value].map(json));
  if (value instanceof MapValue) return new EntriesMap(jsonEntries(value));
  if (value instanceof Timestamp || value instanceof Duration) return toText(value) as string;
  return value;
}

function jsonEntries(map: MapValue): (readonly [Value, Value])[] {
  const entries: (readonly [Value, Value])[] = [];
  for (const key of map.keys()) {
    const value = map.find(key);
    const name = toText(key);
    if (value === undefined || value instanceof CelError || name instanceof CelError) continue;
    entries.push([name, json(value)]);
  }
  return entries;
}

const struct = mapType(stringType, dynType);
const [least, most] = [-(2n ** 31n), 2n ** 31n - 1n];

const messages: Readonly<Record<string, Message>> = {
  BoolValue: wrapper(boolType, false),
  BytesValue: wrapper(bytesType, new Uint8Array()),
  DoubleValue: wrapper(doubleType, 0),
  FloatValue: wrapper(doubleType, 0, (v) => Math.fround(v as number)),
  Int64Value: wrapper(intType, 0n),
  Int32Value: wrapper(intType, 0n, (v) => within(v, 'Int32Value', least, most)),
  UInt64Value: wrapper(uintType, new Uint(0n)),
  UInt32Value: wrapper(uintType, new Uint(0n), (v) => within(v, 'UInt32Value', 0n, 2n ** 32n - 1n)),
  StringValue: wrapper(stringType, ''),
  Timestamp: { fields: { seconds: intType, nanos: intType }, make: timestamp },
  Duration: { fields: { seconds: intType, nanos: intType }, make: duration },
  ListValue: {
    fields: { values: dynListType },
    make: (given) => json(given.get('values') ?? new ArrayList([])),
  },
  Struct: {
    fields: { fields: struct },
    make: (given) => json(given.get('fields') ?? new EntriesMap([])),
  },
  Value: {
    fields: {
      null_value: nullType,
      number_value: doubleType,
      string_value: stringType,
      bool_value: boolType,
      struct_value: struct,
      list_value: dynListType,
    },
    make: (given) => json([...given.values()].at(-1) ?? null),
  },
  Any: {
    fields: { type_url: stringType, value: bytesType },
    make: () => new CelError('messages of type google.protobuf.Any cannot be made'),
  },
  Empty: { fields: {}, make: () => new EmptyMessage() },
};

function find(name: string): Message | undefined {
  const short = name.startsWith('google.protobuf.') ? name.slice(16) : '';
  return Object.hasOwn(messages, short) ? messages[short] : undefined;
}

/** The types of these messages. */
export const wellKnownMessages: TypeProvider = {
  findType(name) {
    if (name === emptyName) return emptyType;
    return find(name) === undefined ? undefined : wellKnownTypes.get(name);
  },
  findField(type, field) {
    const fields = find(type)?.fields;
    return fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
  },
  findConstant: (name) => (name === 'google.protobuf.NullValue.NULL_VALUE' ? 0n : undefined),
  create(type, fields) {
    const message = find(type);
    return message === undefined ? new CelError(`unknown type '${type}'`) : message.make(fields);
  },
};
