/**
 * The watch cache of one resource: its present objects in key order, a window of its past events,
 * and the watchers that are told of new ones. Fed by the cacher, in revision order, synchronously:
 * whoever reads here sees whole revisions only.
 */
import type { Selector } from '../../../machinery/meta/labels.ts';
import { Bucket } from './bucket.ts';
import type { CacheSpec, StoredObject } from './stored-object.ts';
import { fieldOf, type Trigger, Watchers } from './watchers.ts';

export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The new state; for DELETED the last state under the revision of the delete. */
  readonly object: StoredObject;
  /** The state before; absent for ADDED. */
  readonly prev: StoredObject | undefined;
  readonly revision: number;
}

/** Told of every event in its scope until it is closed. */
export interface CacheWatcher {
  /** '' for all namespaces. */
  readonly namespace: string;
  /** When set, only events of objects that have this (before or after) are of interest. */
  readonly trigger?: Trigger | undefined;
  /** Must not block. One that throws has lost track. */
  onEvent(event: CacheEvent): void;
  /** The history was lost (the store was compacted past us): the client has to list again. */
  onLost(): void;
}

/** How many past events are kept for watches that start behind the present. */
const historyLimit = 10_000;
/** And how many bytes they may hold together. */
const historyLimitBytes = 16 * 1024 * 1024;

export class ResourceCache {
  readonly spec: CacheSpec;
  readonly #buckets = new Map<string, Bucket>();
  #bucketOrder: string[] | undefined;
  #count = 0;
  /** Revision of the last event of this resource. */
  #changed = 0;
  #history: CacheEvent[] = [];
  #historyBytes = 0;
  /** Events after this revision are all in `#history`. */
  #historyFrom = 0;
  readonly #watchers = new Watchers();
  readonly #indexes = new Map<string, Map<string, Set<StoredObject>>>();

  constructor(spec: CacheSpec) {
    this.spec = spec;
    for (const field of spec.indexedFields) this.#indexes.set(field, new Map());
  }

  get count(): number {
    return this.#count;
  }

  /** Revision of this resource's last change. */
  get changedRevision(): number {
    return this.#changed;
  }

  /** The oldest revision that a watch can start from. */
  get oldestRevision(): number {
    return this.#historyFrom;
  }

  get(namespace: string, name: string): StoredObject | undefined {
    return this.#buckets.get(namespace)?.get(name);
  }

  /**
   * Objects in key order, to be read at once; namespace '' of a namespaced resource means all.
   * `from`: from the first whose key, as it goes on behind that of the namespace, is not below this.
   */
  *objects(namespace: string, from = ''): Generator<StoredObject, void, undefined> {
    for (const { bucket, start } of this.#scope(namespace, from)) yield* bucket.objects(start);
  }

  /** How many objects `objects` would give. */
  countFrom(namespace: string, from: string): number {
    let count = 0;
    for (const { bucket, start } of this.#scope(namespace, from)) count += bucket.countFrom(start);
    return count;
  }

  /**
   * Objects in key order, to be read at once, among which are all that a selector of labels
   * selects. Labels that are often asked for have an index.
   */
  *labelled(namespace: string, selector: Selector): Generator<StoredObject, void, undefined> {
    for (const { bucket } of this.#scope(namespace, '')) {
      yield* bucket.labelled(selector) ?? bucket.objects();
    }
  }

  /** The buckets of a scope in order, and from which name on each counts. */
  *#scope(namespace: string, from: string): Generator<{ bucket: Bucket; start: string }, void> {
    if (namespace !== '' || !this.spec.namespaced) {
      const bucket = this.#buckets.get(namespace);
      if (bucket !== undefined) yield { bucket, start: from };
      return;
    }
    // Keys continue with a slash, which sorts after '-': `a-b/x` comes before `a/x`.
    this.#bucketOrder ??= [...this.#buckets.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
    for (const ns of this.#bucketOrder) {
      const bucket = this.#buckets.get(ns)!;
      if (from === '') yield { bucket, start: '' };
      else {
        const place = `${ns}/`;
        if (from.startsWith(place)) yield { bucket, start: from.slice(place.length) };
        else if (place > from) yield { bucket, start: '' };
      }
    }
  }

  /** Objects that have this value in an indexed field, in key order; undefined: no such index. */
  indexed(field: string, value: string): StoredObject[] | undefined {
    const index = this.#indexes.get(field);
    if (index === undefined) return undefined;
    return [...(index.get(value) ?? [])].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Events after `revision`; undefined when some of them are no longer kept. */
  since(revision: number): CacheEvent[] | undefined {
    if (revision < this.#historyFrom) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#history[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#history.slice(low);
  }

  /** Adds a watcher; the returned function takes it away again. */
  subscribe(watcher: CacheWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  /** Takes over a full state (start, or after a loss). Watchers are told that they lost track. */
  replace(objects: Iterable<StoredObject>, revision: number): void {
    this.#buckets.clear();
    this.#bucketOrder = undefined;
    for (const index of this.#indexes.values()) index.clear();
    this.#count = 0;
    for (const o of objects) this.#put(o);
    this.#history = [];
    this.#historyBytes = 0;
    this.#historyFrom = revision;
    this.#changed = revision;
    this.#watchers.lost();
  }

  /** Takes in one change: `next` undefined is a delete at `revision`. */
  apply(key: string, next: StoredObject | undefined, revision: number): void {
    // The state that was taken over shows it already.
    if (revision <= this.#historyFrom) return;
    const tail = key.slice(this.spec.prefix.length + 1);
    const slash = this.spec.namespaced ? tail.indexOf('/') : -1;
    const prev = this.get(slash < 0 ? '' : tail.slice(0, slash), tail.slice(slash + 1));
    let event: CacheEvent;
    if (next !== undefined) {
      this.#put(next);
      event = { type: prev === undefined ? 'ADDED' : 'MODIFIED', object: next, prev, revision };
    } else {
      if (prev === undefined) return;
      this.#remove(prev);
      event = { type: 'DELETED', object: prev.at(revision), prev, revision };
    }
    this.#changed = revision;
    this.#remember(event);
    this.#watchers.tell(event);
    // Whoever could share the encoded forms has been told.
    event.object.frames = undefined;
  }

  #put(o: StoredObject): void {
    let bucket = this.#buckets.get(o.namespace);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.#buckets.set(o.namespace, bucket);
      this.#bucketOrder = undefined;
    }
    const prev = bucket.set(o);
    if (prev === undefined) this.#count++;
    else this.#unindex(prev);
    for (const [field, index] of this.#indexes) {
      const value = fieldOf(o, field);
      const set = index.get(value);
      if (set === undefined) index.set(value, new Set([o]));
      else set.add(o);
    }
  }

  #remove(o: StoredObject): void {
    const bucket = this.#buckets.get(o.namespace);
    if (bucket?.delete(o.name) === undefined) return;
    this.#count--;
    this.#unindex(o);
    if (bucket.size > 0) return;
    this.#buckets.delete(o.namespace);
    this.#bucketOrder = undefined;
  }

  #unindex(o: StoredObject): void {
    for (const [field, index] of this.#indexes) {
      const value = fieldOf(o, field);
      const set = index.get(value);
      if (set?.delete(o) && set.size === 0) index.delete(value);
    }
  }

  #remember(event: CacheEvent): void {
    this.#history.push(event);
    this.#historyBytes += event.object.size;
    if (this.#history.length <= historyLimit && this.#historyBytes <= historyLimitBytes) return;
    // A quarter at a time: dropping one by one would move the rest each time.
    const dropped = this.#history.splice(0, Math.ceil(this.#history.length / 4));
    for (const d of dropped) this.#historyBytes -= d.object.size;
    this.#historyFrom = dropped.at(-1)!.revision;
  }
}
