/**
 * Config maps and secrets that pods of this node use: one watch per object while somebody needs
 * it, since a node may not list them. A change is told to whoever asked.
 */
import type { Client, Resource } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import type { Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { hasReason, notFound } from '../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';

export interface ObjectCacheOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** An object that is in use came, changed or went. */
  readonly onChange: (namespace: string, name: string) => void;
}

/** How long a watch may take to come up before the object is asked for directly. */
const syncWaitMs = 3000;
/** A watch nobody needs is kept this long: pods of one workload come and go together. */
const lingerMs = 30_000;

interface Entry<T extends KubeObject> {
  readonly informer: Informer<T>;
  readonly stop: AbortController;
  users: number;
  cancelStop: (() => void) | undefined;
}

export class ObjectCache<T extends KubeObject> {
  private readonly resource: Resource<T>;
  private readonly options: ObjectCacheOptions;
  private readonly entries = new Map<string, Entry<T>>();

  constructor(resource: Resource<T>, options: ObjectCacheOptions) {
    this.resource = resource;
    this.options = options;
  }

  /** Watches the object until `release` has been called as often as `acquire`. */
  acquire(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const entry = this.entries.get(key) ?? this.start(namespace, name);
    entry.users++;
    entry.cancelStop?.();
    entry.cancelStop = undefined;
  }

  release(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const entry = this.entries.get(key);
    if (entry === undefined || --entry.users > 0) return;
    entry.cancelStop = this.options.clock.after(lingerMs, () => {
      entry.stop.abort();
      this.entries.delete(key);
    });
  }

  /** The object as the watch shows it, or straight from the API. Throws NotFound. */
  async get(namespace: string, name: string): Promise<T> {
    const entry = this.entries.get(`${namespace}/${name}`);
    if (entry !== undefined && (await this.isSynced(entry))) {
      const [object] = entry.informer.store.list();
      if (object !== undefined) return object;
      throw this.missing(name);
    }
    try {
      return await this.options.client.get(this.resource, { namespace, name });
    } catch (e) {
      throw hasReason(e, 'NotFound') ? this.missing(name) : e;
    }
  }

  /** Upstream's words, which are in the singular: `configmap "x" not found`. */
  private missing(name: string): Error {
    return notFound({ group: '', resource: this.resource.kind.toLowerCase() }, name);
  }

  private async isSynced({ informer, stop }: Entry<T>): Promise<boolean> {
    if (informer.hasSynced) return true;
    const { clock } = this.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(syncWaitMs, resolve);
    await Promise.race([informer.synced(stop.signal).catch(() => undefined), promise]);
    cancel();
    return informer.hasSynced;
  }

  private start(namespace: string, name: string): Entry<T> {
    const { client, clock, log, signal, onChange } = this.options;
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const informer = new Informer(client, this.resource, selection, { clock, log });
    const stop = new AbortController();
    const entry: Entry<T> = { informer, stop, users: 0, cancelStop: undefined };
    const abort = (): void => stop.abort();
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    const changed = (): void => {
      // The first state is what `get` waits for; only what comes after it is news.
      if (informer.hasSynced) onChange(namespace, name);
    };
    informer.addHandler({ added: changed, updated: changed, deleted: changed });
    informer
      .run(stop.signal)
      .catch((error: unknown) => log.error({ err: error, namespace, name }, 'watch ended'))
      .finally(() => signal.removeEventListener('abort', abort));
    this.entries.set(`${namespace}/${name}`, entry);
    return entry;
  }
}
