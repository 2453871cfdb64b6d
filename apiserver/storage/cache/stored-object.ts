/**
 * One stored object as the watch cache keeps it: its bytes, laid out so that a GET body, an item of
 * a list and the object of a watch event are slices of the same buffer. Everything else (labels,
 * selectable fields, table cells) is derived on first use and kept.
 */

import { decodeJson } from '../../../machinery/codec/json.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { Cell, RowCondition } from '../../registry/resource.ts';

/** What the cache must know of a resource to keep its objects. */
export interface CacheSpec {
  /** `plural` or `plural.group`. */
  readonly name: string;
  /** Key prefix in the store, without a trailing slash. */
  readonly prefix: string;
  readonly namespaced: boolean;
  readonly kind: string;
  /** Of the stored form. */
  readonly apiVersion: string;
  readonly selectableFields: Readonly<Record<string, (object: never) => string>>;
  /** Selectable fields that have an index. */
  readonly indexedFields: readonly string[];
  /** Decodes a value that is not JSON of ours (protobuf of another server) into normal form. */
  decode(value: Buffer): KubeObject;
}

/** Cells and conditions of an object's table row. */
export interface StoredRow {
  readonly cells: readonly Cell[];
  readonly conditions: readonly RowCondition[];
}

/** Labels and selectable fields, known without parsing when the write was made here. */
export interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({});
const lineFeed = Buffer.from('\n');
const uidMark = Buffer.from('"uid":"');

/** A number that JSON.parse may not keep exactly. */
const longNumber = /[:,[]-?\d{16}/;

const headers = new WeakMap<CacheSpec, Buffer>();

/** `{"kind":"Pod","apiVersion":"v1",`: how every stored JSON value of ours begins. */
function headerOf(spec: CacheSpec): Buffer {
  let header = headers.get(spec);
  if (header === undefined) {
    const { kind, apiVersion } = spec;
    header = Buffer.from(`${JSON.stringify({ kind, apiVersion }).slice(0, -1)},`);
    headers.set(spec, header);
  }
  return header;
}

export class StoredObject {
  readonly spec: CacheSpec;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** The resourceVersion that it shows. */
  readonly revision: number;
  /** How many bytes the value has in the store. */
  readonly size: number;
  /** Given up for `#line` where that can be turned back. */
  #raw: Buffer | undefined;
  #line: Buffer | undefined;
  /** Where in `#line` the resourceVersion begins that the stored value has not. */
  #insertedAt: number;
  #selectable: Selectable | undefined;
  #parsed: WeakRef<KubeObject> | undefined;
  #metadataEnd: number;
  /** What a table row shows, made by the table writer. */
  row: StoredRow | undefined;
  /** This server has written it, and checked all of it but metadata and status. */
  sound: boolean;
  /** Watch frames by representation, while the watchers of one event are told of it. */
  frames: Map<string, Buffer> | undefined;

  constructor(
    spec: CacheSpec,
    key: string,
    revision: number,
    raw: Buffer,
    selectable?: Selectable,
  ) {
    this.spec = spec;
    this.key = key;
    const tail = key.slice(spec.prefix.length + 1);
    const slash = spec.namespaced ? tail.indexOf('/') : -1;
    this.namespace = slash < 0 ? '' : tail.slice(0, slash);
    this.name = tail.slice(slash + 1);
    this.revision = revision;
    this.size = raw.length;
    this.#raw = raw;
    this.#line = undefined;
    this.#insertedAt = 0;
    this.#selectable = selectable;
    this.row = undefined;
    this.sound = false;
    this.#parsed = undefined;
    this.#metadataEnd = 0;
    this.frames = undefined;
  }

  /** The whole object as JSON, resourceVersion included. Shared: do not change. */
  get bytes(): Buffer {
    return this.line.subarray(0, -1);
  }

  /** `bytes` with a line feed behind, as the real server ends its JSON bodies. */
  get line(): Buffer {
    this.#line ??= this.#shown(Buffer.allocUnsafe);
    return this.#line;
  }

  /**
   * Takes the value out of the buffer that it came in, which holds others too: for an object that
   * stays. A small part of a buffer keeps all of it in memory.
   */
  settle(): this {
    const raw = this.#raw;
    if (raw === undefined) return this;
    if (endOfUid(this.spec, raw) < 0) {
      if (raw.length < raw.buffer.byteLength) this.#raw = copyOf(raw);
    } else this.#line = this.#shown(Buffer.allocUnsafeSlow);
    return this;
  }

  /** A fresh copy that the caller may change. */
  object<T extends KubeObject>(): T {
    const text = this.line.toString('utf8');
    return (longNumber.test(text) ? decodeJson(this.line).value : JSON.parse(text)) as T;
  }

  /** The object parsed once for all readers while one of them holds it: do not change. */
  shared<T extends KubeObject>(): T {
    let object = this.#parsed?.deref();
    if (object === undefined) {
      object = this.object<KubeObject>();
      this.#parsed = new WeakRef(object);
    }
    return object as T;
  }

  /** The value of `metadata`, as a slice of `bytes`. */
  get metadataBytes(): Buffer {
    const start = this.itemOffset + '"metadata":'.length;
    if (this.#metadataEnd === 0) this.#metadataEnd = endOfObject(this.line, start);
    return this.line.subarray(start, this.#metadataEnd);
  }

  /** Where, in `bytes`, the part begins that follows kind and apiVersion. */
  get itemOffset(): number {
    return headerOf(this.spec).length;
  }

  /** The value in the store is not what we would write: an update without a change writes it. */
  get outOfDate(): boolean {
    return this.#raw !== undefined && endOfUid(this.spec, this.#raw) < 0;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#select().labels;
  }

  /** Value of a selectable field, metadata.name and metadata.namespace included; undefined: unknown. */
  field(name: string): string | undefined {
    if (name === 'metadata.name') return this.name;
    if (name === 'metadata.namespace') return this.namespace;
    return this.#select().fields[name];
  }

  /** The same object under another revision: what a DELETED event shows. */
  at(revision: number): StoredObject {
    return new StoredObject(this.spec, this.key, revision, this.#stored(), this.#selectable);
  }

  /** The value as stored. */
  #stored(): Buffer {
    if (this.#raw !== undefined) return this.#raw;
    const line = this.#line!;
    const at = this.#insertedAt;
    const end = at + this.#insert.length;
    return Buffer.concat([line.subarray(0, at), line.subarray(end, -1)]);
  }

  /** Puts resourceVersion where normal form has it, behind the uid, and a line feed at the end. */
  #shown(allocate: (size: number) => Buffer): Buffer {
    const raw = this.#stored();
    // Revision 0 is an object that was not stored (a dry run): it shows none.
    if (this.revision === 0) return Buffer.concat([raw, lineFeed]);
    const at = endOfUid(this.spec, raw);
    if (at < 0) return this.#foreign(raw);
    const insert = this.#insert;
    const out = allocate(raw.length + insert.length + 1);
    raw.copy(out, 0, 0, at);
    out.write(insert, at, 'latin1');
    raw.copy(out, at + insert.length, at);
    out[out.length - 1] = 0x0a;
    // Both would be twice the memory of all that was ever read.
    this.#insertedAt = at;
    this.#raw = undefined;
    return out;
  }

  get #insert(): string {
    return `,"resourceVersion":"${this.revision}"`;
  }

  #select(): Selectable {
    this.#selectable ??= selectableOf(this.spec, this.object());
    return this.#selectable;
  }

  /** A value that another server wrote, as ours is shown. */
  #foreign(raw: Buffer): Buffer {
    const { kind: _kind, apiVersion: _apiVersion, metadata = {}, ...rest } = this.#decoded(raw);
    const { name, generateName, namespace, selfLink, uid, resourceVersion: _, ...more } = metadata;
    const shown = {
      kind: this.spec.kind,
      apiVersion: this.spec.apiVersion,
      // Keys that are undefined are left out by JSON.stringify.
      metadata: {
        ...{ name, generateName, namespace, selfLink, uid },
        resourceVersion: String(this.revision),
        ...more,
      },
      ...rest,
    };
    return Buffer.from(`${JSON.stringify(shown)}\n`);
  }

  #decoded(raw: Buffer): KubeObject {
    try {
      return this.spec.decode(raw);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const text = `Internal error occurred: the stored value of ${this.key} cannot be read: ${why}`;
      throw new StatusError('InternalError', text, { causes: [{ message: why }] }, 500, { cause });
    }
  }
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** Where the JSON object that begins at `start` ends (exclusive). */
function endOfObject(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let i = start; i < bytes.length; i++) {
    const c = bytes[i];
    if (c === 0x22) {
      for (i++; bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (c === 0x7b) depth++;
    else if (c === 0x7d && --depth === 0) return i + 1;
  }
  return bytes.length;
}

/** Computes what selectors look at. */
export function selectableOf(spec: CacheSpec, object: KubeObject): Selectable {
  const fields: Record<string, string> = {};
  for (const name in spec.selectableFields) {
    fields[name] = spec.selectableFields[name]!(object as never);
  }
  return { labels: object.metadata?.labels ?? noLabels, fields };
}

/** Where the uid of a value of ours ends; -1 for one that is laid out in another way. */
function endOfUid(spec: CacheSpec, raw: Buffer): number {
  const header = headerOf(spec);
  if (
    raw.length <= header.length ||
    raw.compare(header, 0, header.length, 0, header.length) !== 0
  ) {
    return -1;
  }
  const mark = raw.indexOf(uidMark, header.length);
  if (mark < 0) return -1;
  // Before the uid normal form has plain strings only: a brace means that this is another uid.
  const brace = raw.indexOf(0x7b, header.length + '"metadata":{'.length);
  if (brace >= 0 && brace < mark) return -1;
  return raw.indexOf(0x22, mark + uidMark.length) + 1 || -1;
}
