/**
 * Informers: a cache of one selection of objects that tells its handlers of changes. A process
 * has one per selection, shared through InformerFactory.
 */
import type { Clock } from '../machinery/meta/clock.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';
import type { Client, Resource } from './client.ts';
import { errorFields, type Log, silentLog } from './log.ts';
import { Reflector, type Selection } from './reflector.ts';
import { type IndexFunction, keyOf, type ReadStore, Store } from './store.ts';
import { TaskGroup } from './task-group.ts';

/** Called one at a time, in the order of changes. What a handler throws is logged. */
export interface InformerHandler<T> {
  added?(object: T): void;
  updated?(old: T, object: T): void;
  /** The last known state. */
  deleted?(object: T): void;
}

export interface InformerOptions<T> extends Selection {
  /** Runs on each object before it is kept; the default drops managedFields. */
  readonly transform?: (object: T) => T;
}

export interface InformerDeps {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Log;
}

/** The cache and its events. Objects are shared by all readers: never change them. */
export class Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  private readonly objects = new Store<T>();
  private readonly handlers = new Set<InformerHandler<T>>();
  private readonly reflector: Reflector<T>;
  private readonly log: Log;
  private readonly whenSynced = Promise.withResolvers<void>();
  private isSynced = false;

  constructor(
    client: Client,
    resource: Resource<T>,
    options: InformerOptions<T>,
    deps: InformerDeps,
  ) {
    this.resource = resource;
    this.log = deps.log ?? silentLog;
    const { transform = withoutManagedFields, ...selection } = options;
    const sink = {
      replace: (objects: readonly T[]) => this.replace(objects.map(transform)),
      upsert: (object: T) => this.upsert(transform(object)),
      delete: (object: T) => this.remove(keyOf(object)),
    };
    this.reflector = new Reflector(client, resource, selection, sink, {
      clock: deps.clock ?? systemClock,
      random: deps.random ?? Math.random,
      log: this.log,
    });
  }

  /** The cache. */
  get store(): ReadStore<T> {
    return this.objects;
  }

  /** An index for `store.byIndex`; the first of a name stays. */
  addIndex(name: string, of: IndexFunction<T>): void {
    this.objects.addIndex(name, of);
  }

  /** The handler hears of what is here already as added. Returns a function that ends it. */
  addHandler(handler: InformerHandler<T>): () => void {
    this.handlers.add(handler);
    for (const object of this.objects.list()) this.guard(() => handler.added?.(object));
    return () => this.handlers.delete(handler);
  }

  /** True once the first whole state is in the cache and handlers have heard of it. */
  get hasSynced(): boolean {
    return this.isSynced;
  }

  /** The resourceVersion up to which the cache is true, as a number. */
  get revision(): number {
    return this.reflector.revisionSeen;
  }

  /** Resolves when synced; rejects when the signal aborts before. */
  async synced(signal: AbortSignal): Promise<void> {
    if (this.isSynced) return;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.whenSynced.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Follows the server until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.reflector.run(signal);
  }

  private replace(next: readonly T[]): void {
    const gone = new Set(this.objects.keys());
    for (const object of next) {
      gone.delete(keyOf(object));
      this.upsert(object);
    }
    for (const key of gone) this.remove(key);
    this.isSynced = true;
    this.whenSynced.resolve();
  }

  private upsert(object: T): void {
    const key = keyOf(object);
    let old = this.objects.byKey(key);
    if (old !== undefined && old.metadata?.uid !== object.metadata?.uid) {
      // Deleted and made again while nobody watched.
      this.remove(key);
      old = undefined;
    }
    if (old !== undefined && old.metadata?.resourceVersion === object.metadata?.resourceVersion) {
      return;
    }
    this.objects.set(object);
    for (const handler of this.handlers) {
      this.guard(() =>
        old === undefined ? handler.added?.(object) : handler.updated?.(old, object),
      );
    }
  }

  private remove(key: string): void {
    const old = this.objects.delete(key);
    if (old === undefined) return;
    for (const handler of this.handlers) this.guard(() => handler.deleted?.(old));
  }

  private guard(call: () => void): void {
    try {
      call();
    } catch (e) {
      this.log.error({ resource: this.resource.plural, ...errorFields(e) }, 'event handler failed');
    }
  }
}

/** One informer per selection and process. Informers asked for while it runs start at once. */
export class InformerFactory {
  private readonly client: Client;
  private readonly deps: InformerDeps;
  private readonly informers = new Map<string, Informer<KubeObject>>();
  private group: TaskGroup | undefined;

  constructor(client: Client, deps: InformerDeps = {}) {
    this.client = client;
    this.deps = deps;
  }

  /** The shared informer; a transform counts only for the first who asks. */
  for<T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T> = {}): Informer<T> {
    const id = informerId(resource, options);
    const known = this.informers.get(id);
    // The id names the kind, so the type is the one asked for.
    if (known !== undefined) return known as unknown as Informer<T>;
    const informer = new Informer(this.client, resource, options, this.deps);
    this.informers.set(id, informer as unknown as Informer<KubeObject>);
    this.start(informer as unknown as Informer<KubeObject>);
    return informer;
  }

  /** The informer of all objects of a kind, if somebody asked for one. */
  existing<T extends KubeObject>(resource: Resource<T>): Informer<T> | undefined {
    return this.informers.get(informerId(resource, {})) as unknown as Informer<T> | undefined;
  }

  /** Runs all informers until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await using group = new TaskGroup(signal);
    this.group = group;
    group.start('informers', (s) => untilAborted(s));
    for (const informer of this.informers.values()) this.start(informer);
    try {
      await group.wait();
    } finally {
      this.group = undefined;
    }
  }

  /** Resolves when all informers asked for so far are synced; rejects when the signal aborts. */
  async synced(signal: AbortSignal): Promise<void> {
    for (const informer of [...this.informers.values()]) await informer.synced(signal);
  }

  private start(informer: Informer<KubeObject>): void {
    this.group?.start(`informer of ${informer.resource.plural}`, (s) => informer.run(s));
  }
}

function informerId(r: Resource, o: Selection): string {
  const { namespace = '', labelSelector = '', fieldSelector = '', metadataOnly = false } = o;
  const selection = [namespace, labelSelector, fieldSelector, metadataOnly];
  return [r.apiVersion, r.plural, ...selection].join('|');
}

/** The default transform: managedFields are half of an object and no component reads them. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
