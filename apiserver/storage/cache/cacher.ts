/**
 * The watch cache: one watch over the whole store feeds the caches of all resources. Since every
 * revision passes through here, "as fresh as a quorum read" is: ask the store for its revision and
 * wait until it has passed by.
 */
import { pause } from '../../pause.ts';
import {
  CompactedError,
  type KeyValue,
  type Storage,
  type StoreEvent,
  StoreUnavailableError,
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
  /** Once it has succeeded. */
  object: StoredObject | undefined;
}

/** How many writes under way are remembered. */
const hintLimit = 10_000;
/** How long a read waits for the cache to catch up with the store. */
const freshMs = 10_000;
/** Waiting times before the watch of the store is started again. */
const minDelayMs = 100;
const maxDelayMs = 5000;

export class Cacher {
  readonly #options: CacherOptions;
  readonly #byPrefix = new Map<string, ResourceCache>();
  #revision = 0;
  #waiters: Waiter[] = [];
  readonly #hints = new Map<string, Hint>();
  #reading: Promise<number> | undefined;
  #nextReading: Promise<number> | undefined;
  #watch: Watch | undefined;
  /** Resources whose stored objects are being read: their events wait. */
  readonly #loading = new Map<ResourceCache, StoreEvent[]>();
  /** Steps of `start`: whoever reads beside it sees by them that its events may be gone. */
  #starts = 0;

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
    while (!(await this.#loadOnce(cache)));
  }

  /** False when history was lost meanwhile. */
  async #loadOnce(cache: ResourceCache): Promise<boolean> {
    const events: StoreEvent[] = [];
    const starts = this.#starts;
    this.#loading.set(cache, events);
    try {
      const { kvs, revision } = await this.#options.storage.range(`${cache.spec.prefix}/`);
      // The state is shown once everything else has come as far.
      if (!(await this.#passing(revision))) throw this.#behind(revision);
      if (starts !== this.#starts) return false;
      const objects = kvs.map((kv) => this.#toObject(cache, kv));
      cache.replace(objects, revision);
    } finally {
      this.#loading.delete(cache);
    }
    for (const event of events) this.#take(event);
    return true;
  }

  /** Loads everything; after this the cache is readable. */
  async start(): Promise<void> {
    const { storage, root } = this.#options;
    this.#starts++;
    // Resources that are added from here on are loaded on their own.
    const caches = [...this.#byPrefix.values()].filter((cache) => !this.#loading.has(cache));
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
    this.#starts++;
    for (const cache of caches) cache.replace(found.get(cache) ?? [], revision);
    this.#advance(revision);
  }

  /** Follows the store until `signal`; loads again when history was lost. Call after `start`. */
  async run(signal: AbortSignal): Promise<void> {
    let delayMs = minDelayMs;
    while (!signal.aborted) {
      try {
        const watch = this.#options.storage.watch(this.#options.root, {
          fromRevision: this.#revision + 1,
          signal,
        });
        this.#watch = watch;
        for await (const batch of watch) {
          delayMs = minDelayMs;
          for (const event of batch.events) this.#take(event);
          this.#advance(batch.revision);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onProblem(error);
        if (error instanceof CompactedError && (await this.#startAgain())) continue;
        await pause(delayMs, signal);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
      }
    }
  }

  async #startAgain(): Promise<boolean> {
    try {
      await this.start();
      return true;
    } catch (error) {
      this.#options.onProblem(error);
      return false;
    }
  }

  /** Announces a write, so that its event need not be parsed. Call `forget` when it failed. */
  expect(key: string, value: Buffer, selectable: Selectable): void {
    if (this.#hints.size >= hintLimit) this.#hints.clear();
    this.#hints.set(key, { value, selectable, object: undefined });
  }

  forget(key: string): void {
    this.#hints.delete(key);
  }

  /** Hands over what a write has made, settled: kept as it is when its event comes. */
  wrote(object: StoredObject): void {
    // An event that has come already took its hint away: nothing would ever take this one.
    const hint = this.#hints.get(object.key);
    if (hint !== undefined && object.revision > this.#revision) hint.object = object;
  }

  /**
   * Resolves when the cache is as fresh as the store was when this was called. Throws
   * StoreUnavailableError when the store does not answer, or its events do not come.
   */
  async fresh(): Promise<void> {
    const revision = await this.#readIndex();
    if (!(await this.#passing(revision))) throw this.#behind(revision);
  }

  /** Resolves when a write of this revision can be read here, or at the latest after a while. */
  async shows(revision: number): Promise<void> {
    await this.#passing(revision);
  }

  /** Waits for a revision that a client named; false when it does not come in `timeoutMs`. */
  async reaches(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.#revision >= revision) return true;
    const until = Date.now() + timeoutMs;
    // Only what exists is asked for: the watch would wait for nothing else until it comes.
    const stored = await this.#readIndex();
    if (stored >= revision) this.#watch?.reach(revision);
    return this.#waitUntil(revision, until - Date.now());
  }

  /** Waits until a revision that exists has been taken in; false when that takes too long. */
  #passing(revision: number): Promise<boolean> {
    if (revision <= this.#revision) return Promise.resolve(true);
    this.#watch?.reach(revision);
    return this.#waitUntil(revision, freshMs);
  }

  #behind(revision: number): StoreUnavailableError {
    return new StoreUnavailableError(
      `the cache is at revision ${this.#revision} and the store at ${revision}`,
    );
  }

  #waitUntil(revision: number, timeoutMs: number): Promise<boolean> {
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
    if (hint?.object?.revision === kv.modRevision) {
      this.#hints.delete(kv.key);
      return hint.object;
    }
    const selectable = hint?.value.equals(kv.value) ? hint.selectable : undefined;
    // A hint for another value than the one that came will not be of use any more, or not soon.
    if (hint !== undefined) this.#hints.delete(kv.key);
    return new StoredObject(cache.spec, kv.key, kv.modRevision, kv.value, selectable).settle();
  }

  #take(event: StoreEvent): void {
    const cache = this.#cacheOf(event.kv.key);
    if (cache === undefined) return;
    const loading = this.#loading.get(cache);
    if (loading !== undefined) {
      loading.push(event);
      return;
    }
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
  }
}
