/**
 * One stored object as the watch cache keeps it: its bytes, laid out so that a GET body, an item of
 * a list and the object of a watch event are slices of the same buffer. Everything else (labels,
 * selectable fields, table cells) is derived on first use and kept.
 */

import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { Cell } from '../../registry/resource.ts';

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

/** Labels and selectable fields, known without parsing when the write was made here. */
export interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({});
const uidMark = Buffer.from('"uid":"');

/** `{"kind":"Pod","apiVersion":"v1",`: how every stored JSON value begins. */
export function headerOf(spec: Pick<CacheSpec, 'kind' | 'apiVersion'>): string {
  return `{"kind":${JSON.stringify(spec.kind)},"apiVersion":${JSON.stringify(spec.apiVersion)},`;
}

export class StoredObject {
  readonly spec: CacheSpec;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** The resourceVersion that it shows. */
  readonly revision: number;
  readonly #raw: Buffer;
  #bytes: Buffer | undefined;
  #selectable: Selectable | undefined;
  /** Table cells, made by the table writer. */
  cells: readonly Cell[] | undefined;
  /** Watch frames by representation, shared by all watchers of this event. */
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
    this.#raw = raw;
    this.#selectable = selectable;
    this.cells = undefined;
    this.frames = undefined;
  }

  /** The value as stored, without resourceVersion. */
  get raw(): Buffer {
    return this.#raw;
  }

  /** The whole object as JSON, resourceVersion included. Shared: do not change. */
  get bytes(): Buffer {
    this.#bytes ??= withRevision(this.spec, this.#raw, this.revision);
    return this.#bytes;
  }

  /** A fresh copy that the caller may change. */
  object<T extends KubeObject>(): T {
    return JSON.parse(this.bytes.toString('utf8')) as T;
  }

  /** Where, in `bytes`, the part begins that follows kind and apiVersion. */
  get itemOffset(): number {
    return headerOf(this.spec).length;
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
    return new StoredObject(this.spec, this.key, revision, this.#raw, this.#selectable);
  }

  #select(): Selectable {
    this.#selectable ??= selectableOf(this.spec, this.object());
    return this.#selectable;
  }
}

/** Computes what selectors look at. */
export function selectableOf(spec: CacheSpec, object: KubeObject): Selectable {
  const fields: Record<string, string> = {};
  for (const name in spec.selectableFields) {
    fields[name] = spec.selectableFields[name]!(object as never);
  }
  return { labels: object.metadata?.labels ?? noLabels, fields };
}

/** Puts resourceVersion where normal form has it: behind the uid. */
function withRevision(spec: CacheSpec, raw: Buffer, revision: number): Buffer {
  const header = headerOf(spec);
  // Revision 0 is an object that was not stored (a dry run): it shows none.
  if (revision === 0) return raw;
  if (raw.length > header.length && raw.toString('latin1', 0, header.length) === header) {
    const mark = raw.indexOf(uidMark, header.length);
    const end = mark < 0 ? -1 : raw.indexOf(0x22, mark + uidMark.length);
    // Before the uid normal form has plain strings only, so a brace means that this is another uid.
    if (end > 0 && raw.indexOf(0x7b, header.length + '"metadata":{'.length) > mark) {
      const insert = `,"resourceVersion":"${revision}"`;
      const out = Buffer.allocUnsafe(raw.length + insert.length);
      raw.copy(out, 0, 0, end + 1);
      out.write(insert, end + 1, 'latin1');
      raw.copy(out, end + 1 + insert.length, end + 1);
      return out;
    }
  }
  const object = spec.decode(raw);
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  return Buffer.from(
    JSON.stringify({
      kind: spec.kind,
      apiVersion: spec.apiVersion,
      metadata: { ...metadata, resourceVersion: String(revision) },
      ...rest,
    }),
  );
}
