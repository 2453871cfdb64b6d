/** Protobuf messages to plain values (not yet in normal form), one decoder per type. */
import { formatDuration } from '../meta/times.ts';
import { type Field, type StructType, structType, type TypeRef } from '../schema/schema.ts';
import { DecodeError } from './decode-context.ts';
import { parseJson } from './json.ts';
import { JsonSyntaxError, setMember } from './json-text.ts';
import { ProtoReader, wireTypes } from './proto-reader.ts';

type Fields = Record<string, unknown>;

/** Reads one value; `depth` counts messages around it. */
type Read = (reader: ProtoReader, depth: number) => unknown;

interface Decoder {
  readonly wireType: number;
  /** From a length-delimited field the reader is that of the content. */
  readonly read: Read;
}

/** Nesting of messages; only schemas of custom resources nest at all. */
const depthLimit = 500;

interface FieldReader {
  readonly name: string;
  readonly wireTypes: readonly number[];
  readonly store: (into: Fields, reader: ProtoReader, wireType: number, depth: number) => void;
}

/** The fields of a message; unknown numbers are passed over. Throws DecodeError. */
export function readMessage(bytes: Uint8Array, type: StructType): Fields {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const into: Fields = {};
  messageReader(type)(new ProtoReader(buffer), into, 0);
  return into;
}

type ReadInto = (reader: ProtoReader, into: Fields, depth: number) => void;

const readers = new Map<StructType, ReadInto>();

function messageReader(type: StructType): ReadInto {
  const known = readers.get(type);
  if (known !== undefined) return known;
  let fields: Map<number, FieldReader> | undefined;
  const read: ReadInto = (reader, into, depth) => {
    if (depth > depthLimit) throw new DecodeError('exceeded max depth');
    fields ??= new Map(
      type.protoFields.flatMap((f) => (f.number === undefined ? [] : [[f.number, fieldReader(f)]])),
    );
    while (reader.more) {
      const tag = reader.tag();
      const wireType = tag & 7;
      const field = fields.get(tag >>> 3);
      if (field === undefined) reader.skip(wireType);
      else if (field.wireTypes.includes(wireType)) field.store(into, reader, wireType, depth);
      else throw new DecodeError(`proto: wrong wireType = ${wireType} for field ${field.name}`);
    }
  };
  readers.set(type, read);
  return read;
}

function fieldReader(field: Field): FieldReader {
  const { name, type } = field;
  const goName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (field.inline && type.kind === 'struct') {
    const read = messageReader(type.type);
    return {
      name: goName,
      wireTypes: [wireTypes.bytes],
      store: (into, reader, _, depth) => read(reader.message(), into, depth + 1),
    };
  }
  if (type.kind === 'map') return mapReader(name, goName, decoderOf(type.of));
  if (type.kind === 'list') return listReader(name, goName, decoderOf(type.of));
  const decoder = decoderOf(type);
  return {
    name: goName,
    wireTypes: [decoder.wireType],
    store: (into, reader, _, depth) => {
      into[name] = readValue(decoder, reader, depth);
    },
  };
}

function readValue(decoder: Decoder, reader: ProtoReader, depth: number): unknown {
  return decoder.read(decoder.wireType === wireTypes.bytes ? reader.message() : reader, depth);
}

function listReader(name: string, goName: string, decoder: Decoder): FieldReader {
  const packable = decoder.wireType !== wireTypes.bytes;
  return {
    name: goName,
    wireTypes: packable ? [decoder.wireType, wireTypes.bytes] : [wireTypes.bytes],
    store: (into, reader, wireType, depth) => {
      let list = into[name] as unknown[] | undefined;
      if (list === undefined) {
        list = [];
        into[name] = list;
      }
      if (packable && wireType === wireTypes.bytes) {
        const packed = reader.message();
        while (packed.more) list.push(decoder.read(packed, depth));
      } else list.push(readValue(decoder, reader, depth));
    },
  };
}

function mapReader(name: string, goName: string, decoder: Decoder): FieldReader {
  return {
    name: goName,
    wireTypes: [wireTypes.bytes],
    store: (into, reader, _, depth) => {
      let map = into[name] as Fields | undefined;
      if (map === undefined) {
        map = {};
        into[name] = map;
      }
      const entry = reader.message();
      let key = '';
      let value: unknown = null;
      while (entry.more) {
        const tag = entry.tag();
        if (tag === 10) key = entry.message().text();
        else if (tag === 16 + decoder.wireType) value = readValue(decoder, entry, depth);
        else entry.skip(tag & 7);
      }
      setMember(map, key, value);
    },
  };
}

/** The value of a message's field `number` for each number in `names`. */
function small(decoders: Readonly<Record<number, Decoder>>) {
  return (reader: ProtoReader, depth: number): Record<number, unknown> => {
    const out: Record<number, unknown> = {};
    while (reader.more) {
      const tag = reader.tag();
      const decoder = decoders[tag >>> 3];
      if (decoder === undefined || decoder.wireType !== (tag & 7)) reader.skip(tag & 7);
      else out[tag >>> 3] = readValue(decoder, reader, depth);
    }
    return out;
  };
}

const strings: Decoder = { wireType: wireTypes.bytes, read: (r) => r.text() };
const int64s: Decoder = { wireType: wireTypes.varint, read: (r) => r.int64() };
const bools: Decoder = { wireType: wireTypes.varint, read: (r) => r.int64() !== 0 };
const rawJson: Decoder = { wireType: wireTypes.bytes, read: readRaw };

function bytesOf(read: Read): Decoder {
  return { wireType: wireTypes.bytes, read };
}

const timeFields = small({ 1: int64s, 2: int64s });
const unionFields = small({ 1: int64s, 2: int64s, 3: strings });
const rawFields = small({ 1: rawJson });
const textFields = small({ 1: strings });
const json = bytesOf((r, depth) => rawFields(r, depth)[1] ?? null);

const decoders: Readonly<Record<string, Decoder>> = {
  string: strings,
  bool: bools,
  int32: { wireType: wireTypes.varint, read: (r) => Number(r.int64()) | 0 },
  int64: int64s,
  double: { wireType: wireTypes.fixed64, read: (r) => r.double() },
  bytes: bytesOf((r) => r.base64()),
  Time: bytesOf((r, depth) => readTime(timeFields(r, depth), false)),
  MicroTime: bytesOf((r, depth) => readTime(timeFields(r, depth), true)),
  Duration: bytesOf((r, depth) => formatDuration(Number(timeFields(r, depth)[1] ?? 0) / 1e6)),
  Quantity: bytesOf((r, depth) => textFields(r, depth)[1] ?? '0'),
  IntOrString: bytesOf((r, depth) => {
    const f = unionFields(r, depth);
    return f[1] === 1 ? (f[3] ?? '') : Number(f[2] ?? 0) | 0;
  }),
  RawExtension: json,
  JSON: json,
  FieldsV1: json,
};

/** Seconds that a JavaScript date can hold and RFC 3339 can write: years 0 to 9999. */
const secondsRange = [-62_167_219_200, 253_402_300_799] as const;

function readTime(f: Record<number, unknown>, micros: boolean): string | null {
  if (f[1] === undefined && f[2] === undefined) return null;
  const seconds = Number(f[1] ?? 0);
  if (seconds < secondsRange[0] || seconds > secondsRange[1]) {
    throw new DecodeError('Time.MarshalJSON: year outside of range [0,9999]');
  }
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (!micros) return `${text}Z`;
  const fraction = Math.floor(Number(f[2] ?? 0) / 1000) % 1_000_000;
  return `${text}.${String(Math.max(fraction, 0)).padStart(6, '0')}Z`;
}

function readRaw(reader: ProtoReader): unknown {
  if (!reader.more) return null;
  try {
    return parseJson(reader.buffer.subarray(reader.at, reader.end), false).value;
  } catch (e) {
    if (e instanceof JsonSyntaxError) throw new DecodeError(e.message);
    throw e;
  }
}

function decoderOf(ref: TypeRef): Decoder {
  switch (ref.kind) {
    case 'struct': {
      const { type } = ref;
      if (type.wraps?.kind === 'list') {
        const items = listReader('items', 'Items', decoderOf(type.wraps.of));
        return bytesOf((r, depth) => readWrapped(items, r, depth));
      }
      const read = messageReader(type);
      return bytesOf((r, depth) => {
        const into: Fields = {};
        read(r, into, depth + 1);
        return into;
      });
    }
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrStringArray':
      return unionDecoder(ref.kind);
    case 'list':
    case 'map':
      throw new Error('protobuf has no lists of lists');
    default:
      return decoders[ref.kind]!;
  }
}

function readWrapped(items: FieldReader, reader: ProtoReader, depth: number): unknown {
  const into: Fields = { items: [] };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 10) items.store(into, reader, wireTypes.bytes, depth);
    else reader.skip(tag & 7);
  }
  return into['items'];
}

function unionDecoder(kind: string): Decoder {
  const schema = decoderOf({
    kind: 'struct',
    type: structType('apiextensions/v1.JSONSchemaProps'),
  });
  if (kind === 'JSONSchemaPropsOrBool') {
    const fields = small({ 1: bools, 2: schema });
    return bytesOf((r, depth) => {
      const f = fields(r, depth + 1);
      return f[2] ?? f[1] ?? false;
    });
  }
  const list = listReader('list', 'Property', kind === 'JSONSchemaPropsOrArray' ? schema : strings);
  return bytesOf((reader, depth) => {
    const into: Fields = {};
    while (reader.more) {
      const tag = reader.tag();
      if (tag === 10) into['schema'] = readValue(schema, reader, depth + 1);
      else if (tag === 18) list.store(into, reader, wireTypes.bytes, depth + 1);
      else reader.skip(tag & 7);
    }
    return into['list'] ?? into['schema'] ?? null;
  });
}
