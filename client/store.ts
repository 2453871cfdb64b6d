/** What an informer keeps: the objects of one selection, by key and by indexes. */
import type { KubeObject } from '../machinery/schema/wire.ts';

/** `namespace/name`, or `name` for cluster-scoped kinds: the key of queues and stores. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata ?? {};
  return keyText(namespace, name ?? '');
}

/** The key of a name; an empty or missing namespace means cluster-scoped. */
export function keyText(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The parts of a key. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  if (slash < 0) return { namespace: undefined, name: key };
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The values under which an object is found in an index. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** The read side. Objects are shared: read-only, compare them by resourceVersion. */
export interface ReadStore<T extends KubeObject> {
  get(namespace: string | undefined, name: string): T | undefined;
  byKey(key: string): T | undefined;
  /** All objects, or those of one namespace; in no particular order. */
  list(namespace?: string): readonly T[];
  /** Throws when the index was not added. */
  byIndex(index: string, value: string): readonly T[];
  /** The values that an index has objects for. */
  indexValues(index: string): readonly string[];
  readonly size: number;
}

interface Index<T> {
  readonly of: IndexFunction<T>;
  readonly entries: Map<string, Map<string, T>>;
}

const namespaceIndex = 'namespace';

export class Store<T extends KubeObject> implements ReadStore<T> {
  private readonly objects = new Map<string, T>();
  private readonly indexes = new Map<string, Index<T>>();

  constructor() {
    this.addIndex(namespaceIndex, (o) => {
      const namespace = o.metadata?.namespace;
      return namespace === undefined ? [] : [namespace];
    });
  }

  get size(): number {
    return this.objects.size;
  }

  /** Adds an index over what is here and what comes; the first of a name stays. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.indexes.has(name)) return;
    const index: Index<T> = { of, entries: new Map() };
    this.indexes.set(name, index);
    for (const [key, object] of this.objects) insert(index, key, object);
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.objects.get(keyText(namespace, name));
  }

  byKey(key: string): T | undefined {
    return this.objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined) return [...this.objects.values()];
    return this.byIndex(namespaceIndex, namespace);
  }

  byIndex(name: string, value: string): readonly T[] {
    const entries = this.index(name).entries.get(value);
    return entries === undefined ? [] : [...entries.values()];
  }

  indexValues(name: string): readonly string[] {
    return [...this.index(name).entries.keys()];
  }

  keys(): IterableIterator<string> {
    return this.objects.keys();
  }

  /** Puts an object in; returns the one it replaces. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.objects.get(key);
    this.objects.set(key, object);
    for (const index of this.indexes.values()) {
      if (old !== undefined) remove(index, key, old);
      insert(index, key, object);
    }
    return old;
  }

  /** Takes an object out; returns it. */
  delete(key: string): T | undefined {
    const old = this.objects.get(key);
    if (old === undefined) return undefined;
    this.objects.delete(key);
    for (const index of this.indexes.values()) remove(index, key, old);
    return old;
  }

  private index(name: string): Index<T> {
    const index = this.indexes.get(name);
    if (index === undefined) throw new Error(`no index "${name}"`);
    return index;
  }
}

function insert<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    let entries = index.entries.get(value);
    if (entries === undefined) {
      entries = new Map();
      index.entries.set(value, entries);
    }
    entries.set(key, object);
  }
}

function remove<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const entries = index.entries.get(value);
    entries?.delete(key);
    if (entries?.size === 0) index.entries.delete(value);
  }
}
