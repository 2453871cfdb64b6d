/**
 * OpenAPI documents as protobuf messages of the gnostic project, which clients ask for because
 * they read faster than JSON. One engine; the messages of each dialect are tables.
 */
import { ProtoWriter } from '../../machinery/codec/proto-writer.ts';

type Json = Record<string, unknown>;

/**
 * How one JSON member is written:
 * `s` text, `b` boolean, `i` integer, `d` number; `any` a value as YAML text; with `*` a list;
 * a message's name, with `*` a list, with `{}` a map: a message of {1 name, 2 value} entries.
 */
export type FieldSpec = readonly [member: string, number: number, form: string];

/** A message: by members, or one of several forms chosen by the value. */
export type MessageSpec =
  | {
      readonly fields: readonly FieldSpec[];
      /** Members named `x-…` go here, as {1 name, 2 any}. */
      readonly extensions?: number;
      /** All other members are entries {1 name, 2 value} of this field. */
      readonly entries?: readonly [number: number, form: string];
    }
  | { readonly choose: (value: unknown) => readonly [number: number, form: string] | undefined };

export type Messages = Readonly<Record<string, MessageSpec>>;

/** Writes a value as the message `name`, without tag and length. */
export function encodeGnostic(messages: Messages, name: string, value: unknown): Buffer {
  const out = new ProtoWriter();
  new Encoder(messages, out).message(name, value);
  return out.finish();
}

/** One entry {1 name, 2 value} as field `number`: maps can be concatenated from such pieces. */
export function encodeEntry(
  messages: Messages,
  number: number,
  name: string,
  form: string,
  value: unknown,
): Buffer {
  const out = new ProtoWriter();
  new Encoder(messages, out).entry(number, name, form, value);
  return out.finish();
}

/** Wraps bytes as a length-delimited field. */
export function wrapField(number: number, content: Uint8Array): Buffer {
  const out = new ProtoWriter();
  out.bytes(content);
  out.header(number * 8 + 2, 0);
  return out.finish();
}

class Encoder {
  private readonly messages: Messages;
  private readonly out: ProtoWriter;

  constructor(messages: Messages, out: ProtoWriter) {
    this.messages = messages;
    this.out = out;
  }

  message(name: string, value: unknown): void {
    const spec = this.messages[name];
    if (spec === undefined) throw new Error(`no gnostic message ${name}`);
    if ('choose' in spec) {
      const choice = spec.choose(value);
      if (choice !== undefined) this.field(choice[0], choice[1], value);
      return;
    }
    const object = value as Json;
    const known = new Set(spec.fields.map(([member]) => member));
    // Backwards, as the writer works; field numbers rise in each table.
    const extensions = Object.keys(object).filter((k) => k.startsWith('x-'));
    if (spec.extensions !== undefined) {
      for (const key of extensions.reverse()) this.entry(spec.extensions, key, 'any', object[key]);
    }
    const { entries } = spec;
    if (entries !== undefined) {
      const keys = Object.keys(object).filter((k) => !known.has(k) && !k.startsWith('x-'));
      for (const key of keys.reverse()) this.entry(entries[0], key, entries[1], object[key]);
    }
    for (let i = spec.fields.length - 1; i >= 0; i--) {
      const [member, number, form] = spec.fields[i]!;
      const content = object[member];
      if (content !== undefined) this.field(number, form, content);
    }
  }

  entry(number: number, name: string, form: string, value: unknown): void {
    const { out } = this;
    const mark = out.mark();
    this.field(2, form, value);
    this.field(1, 's', name);
    out.header(number * 8 + 2, mark);
  }

  private field(number: number, form: string, value: unknown): void {
    if (form.endsWith('*')) {
      const list = Array.isArray(value) ? value : [value];
      for (let i = list.length - 1; i >= 0; i--) this.field(number, form.slice(0, -1), list[i]);
      return;
    }
    if (form === 'b') this.out.byte(value === true ? 1 : 0);
    else if (form === 'i') this.out.int64(value as number);
    else if (form === 'd') this.out.double(value as number);
    else {
      this.delimited(number, form, value);
      return;
    }
    this.out.uint32(number * 8 + (form === 'd' ? 1 : 0));
  }

  private delimited(number: number, form: string, value: unknown): void {
    const { out } = this;
    const mark = out.mark();
    if (form === 's') out.string(String(value));
    else if (form === 'any') this.field(2, 's', `${JSON.stringify(value)}\n`);
    else if (form.endsWith('{}')) this.map(form.slice(0, -2), value as Json);
    else this.message(form, value);
    out.header(number * 8 + 2, mark);
  }

  private map(form: string, value: Json): void {
    for (const key of Object.keys(value).reverse()) this.entry(1, key, form, value[key]);
  }
}
