/**
 * The watch cache: one watch over the whole store feeds the caches of all resources. Since every
 * revision passes through here, "as fresh as a quorum read" is: ask the store for its revision and
 * wait until it has passed by.
 */
import {
  CompactedError,
  type KeyValue,
  type Storage,
  type StoreEvent,
  type Watch,
} from '../storage.ts';
import { ResourceCache } from './resource-cache.ts';
import { type CacheSpec, type Selectable, StoredObject } from './stored-object.ts';

export interface CacherOptions {
  readonly storage: Storage;
  /** Where all keys of the API stand: `/registry/`. */
  readonly root: string;
  /** Told when the watch broke and is being started again. */
  onProblem(error: unknown): void;
}

interface Waiter {
  readonly revision: number;
  resolve(reached: boolean): void;
}

/** A write that is under way: spares parsing its value when the event comes back. */
interface Hint {
  readonly value: Buffer;
  readonly selectable: Selectable;
}

export class Cacher {
  readonly #options: CacherOptions;
  readonly #byPrefix = new Map<string, ResourceCache>();
  #revision = 0;
  #waiters: Waiter[] = [];
  readonly #hints = new Map<string, Hint>();
  #reading: Promise<number> | undefined;
  #nextReading: Promise<number> | undefined;
  #watch: Watch | undefined;
  readonly #progress = new Set<(revision: number) => void>();

  constructor(options: CacherOptions) {
    this.#options = options;
  }

  /** Everything up to here has been taken in. */
  get revision(): number {
    return this.#revision;
  }

  /** The cache of a resource; created on first use, which must be before `run` for built-ins. */
  add(spec: CacheSpec): ResourceCache {
    const cache = new ResourceCache(spec);
    this.#byPrefix.set(spec.prefix, cache);
    return cache;
  }

  /** Takes a resource's cache away (a custom resource definition was deleted). */
  remove(spec: CacheSpec): void {
    this.#byPrefix.delete(spec.prefix);
  }

  /** Reads a resource's objects that were stored before it was added. */
  async load(cache: ResourceCache): Promise<void> {
    const { kvs, revision } = await this.#options.storage.range(`${cache.spec.prefix}/`);
    // What has passed by since then is at the same or a newer revision: only fill in the gaps.
    for (const kv of kvs) {
      const o = this.#toObject(cache, kv);
      if (cache.get(o.namespace, o.name) === undefined && kv.modRevision <= revision) {
        cache.apply(kv.key, o, kv.modRevision);
      }
    }
  }

  /** Loads everything; after this the cache is readable. */
  async start(): Promise<void> {
    const { storage, root } = this.#options;
    const first = await storage.range(root, { limit: 1 });
    const { revision } = first;
    const found = new Map<ResourceCache, StoredObject[]>();
    let after: string | undefined;
    for (;;) {
      const page = await storage.range(root, {
        revision,
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      });
      for (const kv of page.kvs) {
        const cache = this.#cacheOf(kv.key);
        if (cache === undefined) continue;
        const list = found.get(cache);
        const o = this.#toObject(cache, kv);
        if (list === undefined) found.set(cache, [o]);
        else list.push(o);
      }
      after = page.kvs.at(-1)?.key;
      if (!page.more || after === undefined) break;
    }
    for (const cache of this.#byPrefix.values()) cache.replace(found.get(cache) ?? [], revision);
    this.#advance(revision);
  }

  /** Follows the store until `signal`; loads again when history was lost. Call after `start`. */
  async run(signal: AbortSignal): Promise<void> {
    let delayMs = 100;
    while (!signal.aborted) {
      try {
        const watch = this.#options.storage.watch(this.#options.root, {
          fromRevision: this.#revision + 1,
          signal,
        });
        this.#watch = watch;
        for await (const batch of watch) {
          delayMs = 100;
          for (const event of batch.events) this.#take(event);
          this.#advance(batch.revision);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onProblem(error);
        if (!(error instanceof CompactedError)) {
          await sleep(delayMs, signal);
          delayMs = Math.min(delayMs * 2, 5000);
          continue;
        }
        await this.start().catch((e: unknown) => this.#options.onProblem(e));
      }
    }
  }

  /** Announces a write, so that its event need not be parsed. Call `forget` when it failed. */
  expect(key: string, value: Buffer, selectable: Selectable): void {
    if (this.#hints.size > 10_000) this.#hints.clear();
    this.#hints.set(key, { value, selectable });
  }

  forget(key: string): void {
    this.#hints.delete(key);
  }

  /** Resolves when the cache is as fresh as the store was when this was called. */
  async fresh(): Promise<void> {
    const revision = await this.#readIndex();
    if (revision <= this.#revision) return;
    this.#watch?.reach(revision);
    await this.waitUntil(revision, 3000);
  }

  /** Waits until `revision` has been taken in; false when that takes longer than `timeoutMs`. */
  waitUntil(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.#revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((w) => w !== waiter);
        resolve(false);
      }, timeoutMs);
      const waiter: Waiter = {
        revision,
        resolve: (reached) => {
          clearTimeout(timer);
          resolve(reached);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  /** Calls back whenever the revision advanced; returns a function that ends it. */
  onProgress(callback: (revision: number) => void): () => void {
    this.#progress.add(callback);
    return () => this.#progress.delete(callback);
  }

  /**
   * The store's revision. Callers that come while a read is under way share the next one: the
   * running read may have been answered before they asked.
   */
  #readIndex(): Promise<number> {
    if (this.#reading === undefined) {
      this.#reading = this.#options.storage.currentRevision().finally(() => {
        this.#reading = this.#nextReading;
        this.#nextReading = undefined;
      });
      return this.#reading;
    }
    this.#nextReading ??= this.#reading
      .catch(() => 0)
      .then(() => this.#options.storage.currentRevision())
      .finally(() => {
        this.#reading = this.#nextReading;
        this.#nextReading = undefined;
      });
    return this.#nextReading;
  }

  #cacheOf(key: string): ResourceCache | undefined {
    // Prefixes have two to four segments: /registry/pods, /registry/services/specs, /registry/g/r.
    let end = key.indexOf('/', this.#options.root.length);
    while (end > 0) {
      const cache = this.#byPrefix.get(key.slice(0, end));
      if (cache !== undefined) return cache;
      end = key.indexOf('/', end + 1);
    }
    return undefined;
  }

  #toObject(cache: ResourceCache, kv: KeyValue): StoredObject {
    const hint = this.#hints.get(kv.key);
    let selectable: Selectable | undefined;
    if (hint?.value.equals(kv.value)) {
      selectable = hint.selectable;
      this.#hints.delete(kv.key);
    }
    return new StoredObject(cache.spec, kv.key, kv.modRevision, kv.value, selectable);
  }

  #take(event: StoreEvent): void {
    const cache = this.#cacheOf(event.kv.key);
    if (cache === undefined) return;
    const next = event.type === 'put' ? this.#toObject(cache, event.kv) : undefined;
    cache.apply(event.kv.key, next, event.kv.modRevision);
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    if (this.#waiters.length > 0) {
      const ready = this.#waiters.filter((w) => w.revision <= revision);
      if (ready.length > 0) {
        this.#waiters = this.#waiters.filter((w) => w.revision > revision);
        for (const w of ready) w.resolve(true);
      }
    }
    for (const p of this.#progress) p(revision);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
