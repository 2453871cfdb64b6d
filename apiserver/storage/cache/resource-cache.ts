/**
 * The watch cache of one resource: its present objects in key order, a window of its past events,
 * and the watchers that are told of new ones. Fed by the cacher, in revision order, synchronously:
 * whoever reads here sees whole revisions only.
 */
import type { CacheSpec, StoredObject } from './stored-object.ts';

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
  /** When set, only events of objects with this value (before or after) are of interest. */
  readonly index?: { readonly field: string; readonly value: string };
  /** Must not block. One that throws has lost track. */
  onEvent(event: CacheEvent): void;
  /** The history was lost (the store was compacted past us): the client has to list again. */
  onLost(): void;
}

interface Bucket {
  /** Sorted; made again when `dirty`. */
  names: string[];
  dirty: boolean;
  readonly byName: Map<string, StoredObject>;
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
  readonly #watchers = new Map<string, Set<CacheWatcher>>();
  readonly #indexedWatchers = new Map<string, Set<CacheWatcher>>();
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
    return this.#buckets.get(namespace)?.byName.get(name);
  }

  /** Objects in key order; namespace '' of a namespaced resource means all. */
  *objects(namespace: string): Generator<StoredObject, void, undefined> {
    if (namespace !== '' || !this.spec.namespaced) {
      const bucket = this.#buckets.get(namespace);
      if (bucket !== undefined) yield* inOrder(bucket);
      return;
    }
    // Keys continue with a slash, which sorts after '-': `a-b/x` comes before `a/x`.
    this.#bucketOrder ??= [...this.#buckets.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
    for (const ns of this.#bucketOrder) {
      const bucket = this.#buckets.get(ns);
      if (bucket !== undefined) yield* inOrder(bucket);
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
    const { index } = watcher;
    const [map, key] =
      index !== undefined && this.#indexes.has(index.field)
        ? [this.#indexedWatchers, `${index.field}=${index.value}`]
        : [this.#watchers, watcher.namespace];
    const set = map.get(key) ?? new Set();
    map.set(key, set);
    set.add(watcher);
    return () => {
      set.delete(watcher);
      if (set.size === 0 && map.get(key) === set) map.delete(key);
    };
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
    for (const map of [this.#watchers, this.#indexedWatchers]) {
      for (const set of [...map.values()]) for (const w of [...set]) w.onLost();
    }
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
      if (prev !== undefined) this.#unindex(prev);
      this.#put(next);
      event = { type: prev === undefined ? 'ADDED' : 'MODIFIED', object: next, prev, revision };
    } else {
      if (prev === undefined) return;
      this.#remove(prev);
      event = { type: 'DELETED', object: prev.at(revision), prev, revision };
    }
    this.#changed = revision;
    this.#remember(event);
    this.#tell(event);
  }

  #put(o: StoredObject): void {
    let bucket = this.#buckets.get(o.namespace);
    if (bucket === undefined) {
      bucket = { names: [], dirty: false, byName: new Map() };
      this.#buckets.set(o.namespace, bucket);
      this.#bucketOrder = undefined;
    }
    if (!bucket.byName.has(o.name)) {
      this.#count++;
      const last = bucket.names.at(-1);
      if (last !== undefined && last > o.name) bucket.dirty = true;
      bucket.names.push(o.name);
    }
    bucket.byName.set(o.name, o);
    for (const [field, index] of this.#indexes) {
      const value = indexValue(o, field);
      const set = index.get(value);
      if (set === undefined) index.set(value, new Set([o]));
      else set.add(o);
    }
  }

  #remove(o: StoredObject): void {
    const bucket = this.#buckets.get(o.namespace);
    if (bucket === undefined || !bucket.byName.delete(o.name)) return;
    this.#count--;
    this.#unindex(o);
    if (bucket.byName.size === 0) {
      this.#buckets.delete(o.namespace);
      this.#bucketOrder = undefined;
      return;
    }
    // Names that are gone are skipped when read, and swept out when they are many.
    if (bucket.names.length > 2 * bucket.byName.size + 16) {
      bucket.names = [...bucket.byName.keys()];
      bucket.dirty = true;
    } else if (bucket.names.at(-1) === o.name) bucket.names.pop();
    else bucket.dirty = true;
  }

  #unindex(o: StoredObject): void {
    for (const [field, index] of this.#indexes) {
      const value = indexValue(o, field);
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

  #tell(event: CacheEvent): void {
    const { namespace } = event.object;
    tellAll(this.#watchers.get(namespace), event);
    if (namespace !== '') tellAll(this.#watchers.get(''), event);
    if (this.#indexedWatchers.size > 0) {
      for (const field of this.spec.indexedFields) {
        const value = indexValue(event.object, field);
        const before = event.prev === undefined ? value : indexValue(event.prev, field);
        tellAll(this.#indexedWatchers.get(`${field}=${value}`), event);
        if (before !== value) tellAll(this.#indexedWatchers.get(`${field}=${before}`), event);
      }
    }
    // Whoever could share the encoded forms has been told.
    event.object.frames = undefined;
  }
}

function tellAll(watchers: ReadonlySet<CacheWatcher> | undefined, event: CacheEvent): void {
  if (watchers === undefined) return;
  for (const w of watchers) {
    try {
      w.onEvent(event);
    } catch {
      // One watcher's failure is not the others'.
      w.onLost();
    }
  }
}

/** The value an object is indexed under; one that cannot be read (another server's) under ''. */
function indexValue(o: StoredObject, field: string): string {
  try {
    return o.field(field) ?? '';
  } catch {
    return '';
  }
}

function* inOrder(bucket: Bucket): Generator<StoredObject, void, undefined> {
  if (bucket.dirty) {
    bucket.names = [...bucket.byName.keys()].sort();
    bucket.dirty = false;
  }
  for (const name of bucket.names) {
    const o = bucket.byName.get(name);
    if (o !== undefined) yield o;
  }
}
