/** Objects in normal form to protobuf messages, one encoder per type, compiled on first use. */
import { parseDuration } from '../meta/times.ts';
import { type Field, type StructType, structType, type TypeRef } from '../schema/schema.ts';
import { ProtoWriter } from './proto-writer.ts';

/** Writes a value's content, without tag and length. */
type Write = (out: ProtoWriter, value: unknown) => void;

/** How a value of one type stands in a field. */
interface Encoder {
  readonly wireType: 0 | 1 | 2;
  readonly write: Write;
  /** Written for a field that is not a pointer and has no value; undefined: nothing is. */
  readonly zero: unknown;
}

type FieldWriter = (out: ProtoWriter, object: Record<string, unknown>) => void;

/** The message of a value in normal form (or plainly typed) without envelope. */
export function encodeMessage(value: object, type: StructType): Buffer {
  const out = new ProtoWriter();
  messageWriter(type)(out, value);
  return out.finish();
}

const writers = new Map<StructType, Write>();

/** Writes the fields of a struct. Throws when the type has no protobuf form. */
export function messageWriter(type: StructType): Write {
  const known = writers.get(type);
  if (known !== undefined) return known;
  let fields: FieldWriter[] | undefined;
  const write: Write = (out, value) => {
    fields ??= fieldWriters(type);
    for (const field of fields) field(out, value as Record<string, unknown>);
  };
  writers.set(type, write);
  return write;
}

/** Highest number first: the writer works backwards. */
function fieldWriters(type: StructType): FieldWriter[] {
  return type.protoFields
    .filter((f) => f.number !== undefined)
    .sort((a, b) => b.number! - a.number!)
    .map(fieldWriter);
}

function fieldWriter(field: Field): FieldWriter {
  const { name, type } = field;
  const number = field.number!;
  if (field.inline && type.kind === 'struct') {
    const tag = number * 8 + 2;
    const write = messageWriter(type.type);
    return (out, object) => {
      const mark = out.mark();
      write(out, object);
      out.header(tag, mark);
    };
  }
  if (type.kind === 'list') return listWriter(name, number, encoderOf(type.of));
  if (type.kind === 'map') return mapWriter(name, number, encoderOf(type.of));
  const encoder = encoderOf(type);
  const write = tagged(number, encoder);
  const { zero } = encoder;
  if (field.pointer || zero === undefined) {
    return (out, object) => {
      const value = object[name];
      if (value !== undefined && value !== null) write(out, value);
    };
  }
  return (out, object) => write(out, object[name] ?? zero);
}

function tagged(number: number, encoder: Encoder): Write {
  const tag = number * 8 + encoder.wireType;
  const { write } = encoder;
  if (encoder.wireType !== 2) {
    return (out, value) => {
      write(out, value);
      out.uint32(tag);
    };
  }
  return (out, value) => {
    const mark = out.mark();
    write(out, value);
    out.header(tag, mark);
  };
}

function listWriter(name: string, number: number, encoder: Encoder): FieldWriter {
  const write = tagged(number, encoder);
  const { zero } = encoder;
  return (out, object) => {
    const list = object[name] as unknown[] | null | undefined;
    if (list === undefined || list === null) return;
    for (let i = list.length - 1; i >= 0; i--) write(out, list[i] ?? zero);
  };
}

/** Entries {1 key, 2 value}, sorted by key. */
function mapWriter(name: string, number: number, encoder: Encoder): FieldWriter {
  const tag = number * 8 + 2;
  const writeKey = tagged(1, strings);
  const writeValue = tagged(2, encoder);
  const { zero } = encoder;
  return (out, object) => {
    const map = object[name] as Record<string, unknown> | null | undefined;
    if (map === undefined || map === null) return;
    const keys = Object.keys(map).sort();
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i]!;
      const value = map[key] ?? zero;
      const mark = out.mark();
      if (value !== undefined) writeValue(out, value);
      writeKey(out, key);
      out.header(tag, mark);
    }
  };
}

const strings: Encoder = { wireType: 2, zero: '', write: (out, v) => out.string(v as string) };
const integers: Encoder = { wireType: 0, zero: 0, write: (out, v) => out.int64(v as number) };

/** Bytes of `value` as field 1, the form of RawExtension, JSON and FieldsV1. */
const json: Encoder = {
  wireType: 2,
  zero: null,
  write: (out, v) => {
    if (v === null) return;
    const mark = out.mark();
    out.string(JSON.stringify(v));
    out.header(10, mark);
  },
};

const encoders: Readonly<Record<string, Encoder>> = {
  string: strings,
  bool: { wireType: 0, zero: false, write: (out, v) => out.byte(v === true ? 1 : 0) },
  int32: integers,
  int64: integers,
  double: { wireType: 1, zero: 0, write: (out, v) => out.double(v as number) },
  bytes: {
    wireType: 2,
    zero: undefined,
    write: (out, v) => out.bytes(Buffer.from(v as string, 'base64')),
  },
  Time: { wireType: 2, zero: null, write: (out, v) => writeTime(out, v as string | null, false) },
  MicroTime: {
    wireType: 2,
    zero: null,
    write: (out, v) => writeTime(out, v as string | null, true),
  },
  Duration: {
    wireType: 2,
    zero: '0s',
    write: (out, v) => {
      out.int64(Math.round(parseDuration(v as string) * 1e6));
      out.byte(8);
    },
  },
  Quantity: {
    wireType: 2,
    zero: '0',
    write: (out, v) => {
      const mark = out.mark();
      out.string(v as string);
      out.header(10, mark);
    },
  },
  IntOrString: { wireType: 2, zero: 0, write: (out, v) => writeIntOrString(out, v) },
  RawExtension: json,
  JSON: json,
  FieldsV1: json,
};

/** {1 seconds, 2 nanos}; a Time has no nanos, the zero time is an empty message. */
function writeTime(out: ProtoWriter, value: string | null, micros: boolean): void {
  if (value === null) return;
  out.int64(micros ? Number(value.slice(20, 26)) * 1000 : 0);
  out.byte(16);
  out.int64(Date.parse(`${value.slice(0, 19)}Z`) / 1000);
  out.byte(8);
}

/** {1 type, 2 intVal, 3 strVal}, all three always. */
function writeIntOrString(out: ProtoWriter, value: unknown): void {
  const text = typeof value === 'string' ? value : '';
  const mark = out.mark();
  out.string(text);
  out.header(26, mark);
  out.int64(typeof value === 'number' ? value : 0);
  out.byte(16);
  out.byte(typeof value === 'string' ? 1 : 0);
  out.byte(8);
}

function encoderOf(ref: TypeRef): Encoder {
  switch (ref.kind) {
    case 'struct': {
      const { wraps } = ref.type;
      if (wraps?.kind !== 'list') {
        return { wireType: 2, zero: {}, write: messageWriter(ref.type) };
      }
      const items = listWriter('items', 1, encoderOf(wraps.of));
      return { wireType: 2, zero: [], write: (out, v) => items(out, { items: v }) };
    }
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrStringArray':
      return { wireType: 2, zero: null, write: unionWriter(ref.kind) };
    case 'list':
    case 'map':
      throw new Error('protobuf has no lists of lists');
    default:
      return encoders[ref.kind]!;
  }
}

function unionWriter(kind: string): Write {
  const props = structType('apiextensions/v1.JSONSchemaProps');
  const schema = (field: number) =>
    tagged(field, { wireType: 2, zero: {}, write: messageWriter(props) });
  if (kind === 'JSONSchemaPropsOrBool') {
    const writeSchema = schema(2);
    return (out, v) => {
      const isSchema = typeof v === 'object' && v !== null;
      if (isSchema) writeSchema(out, v);
      out.byte(isSchema || v === true ? 1 : 0);
      out.byte(8);
    };
  }
  const element: Encoder =
    kind === 'JSONSchemaPropsOrArray'
      ? { wireType: 2, zero: {}, write: messageWriter(props) }
      : strings;
  const list = listWriter('list', 2, element);
  const writeSchema = schema(1);
  return (out, v) => {
    if (Array.isArray(v)) list(out, { list: v });
    else if (v !== null) writeSchema(out, v);
  };
}
