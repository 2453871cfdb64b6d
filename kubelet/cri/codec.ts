/**
 * Bytes of CRI messages: protobufjs types built from `table.json`.
 * Decoded messages carry every field (proto3 defaults), so that exit code 0 and state CREATED
 * do not vanish; 64-bit numbers come out as numbers.
 */
import protobuf from 'protobufjs/light.js';
import table from './table.json' with { type: 'json' };

type FieldTable = Record<string, Record<string, [number, string]>>;

/** A message as it is handed in: what is left out takes its default. */
export type Init<T> = T extends Uint8Array
  ? Uint8Array
  : T extends (infer U)[]
    ? readonly Init<U>[]
    : T extends object
      ? { readonly [K in keyof T]?: Init<T[K]> | undefined }
      : T;

interface FieldOptions {
  type: string;
  id: number;
  rule?: string;
  keyType?: string;
}

function fieldOf([id, type]: [number, string]): FieldOptions {
  if (type.startsWith('[]')) return { rule: 'repeated', type: type.slice(2), id };
  if (type.startsWith('{}')) return { keyType: 'string', type: type.slice(2), id };
  return { type, id };
}

function build(): protobuf.Root {
  const nested: Record<string, unknown> = {};
  for (const [name, fields] of Object.entries(table.messages as unknown as FieldTable)) {
    const entries = Object.entries(fields).map(([n, f]) => [n, fieldOf(f)]);
    nested[name] = { fields: Object.fromEntries(entries) };
  }
  for (const [name, values] of Object.entries(table.enums)) nested[name] = { values };
  return protobuf.Root.fromJSON({ nested } as protobuf.INamespace);
}

const root = build();
const types = new Map<string, protobuf.Type>();

function typeNamed(name: string): protobuf.Type {
  let type = types.get(name);
  if (type === undefined) {
    type = root.lookupType(name);
    types.set(name, type);
  }
  return type;
}

const complete: protobuf.IConversionOptions = {
  longs: Number,
  defaults: true,
  arrays: true,
  objects: true,
};

/** Serializes a message of the type `name`; unknown properties are not written. */
export function encode(name: string, message: object): Buffer {
  const type = typeNamed(name);
  // fromObject takes plain objects at every depth and leaves null and undefined out.
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

/** Parses a message of the type `name`; throws on malformed bytes. */
export function decode(name: string, bytes: Uint8Array): object {
  const type = typeNamed(name);
  return type.toObject(type.decode(bytes), complete);
}

/** The full form of a message given in part: what decode(encode(m)) returns. */
export function complement(name: string, message: object): object {
  return decode(name, encode(name, message));
}
