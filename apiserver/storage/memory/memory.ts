/** The store of unit tests: everything in memory, the same meaning as the durable ones. */
import { writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../../machinery/meta/clock.ts';
import { KeyIndex, type Version } from '../key-index.ts';
import { Leases } from '../leases.ts';
import {
  type KeyValue,
  LeaseNotFoundError,
  type RangeOptions,
  type RangeResult,
  type Storage,
  type StoreEvent,
  StoreUnavailableError,
  type Watch,
  type WatchOptions,
  type WriteResult,
} from '../storage.ts';
import { WatchHub, type WatchHubOptions } from '../watch-hub.ts';

export interface MemoryStorageOptions {
  /** For leases and progress; the machine's clock unless given. */
  readonly clock?: Clock;
  readonly hub?: Pick<WatchHubOptions, 'progressMs' | 'maxQueuedEvents' | 'maxQueuedBytes'>;
}

const none = Buffer.alloc(0);

/** A store in memory; never compacts by itself. */
export class MemoryStorage implements Storage {
  readonly #index = new KeyIndex<Buffer>();
  readonly #leases = new Leases();
  readonly #clock: Clock;
  readonly #hub: WatchHub;
  #cancelExpiry: (() => void) | undefined;
  #closed = false;

  constructor(options: MemoryStorageOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#hub = new WatchHub({
      ...options.hub,
      clock: this.#clock,
      revision: 0,
      replay: (prefix, from, to) => this.#replay(prefix, from, to),
    });
  }

  async get(key: string): Promise<{ kv: KeyValue | undefined; revision: number }> {
    this.#checkOpen();
    return { kv: keyValue(this.#index.get(key)), revision: this.#index.revision };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen();
    const revision = options.revision || this.#index.revision;
    const { versions, more, count } = this.#index.scan(prefix, options);
    return { kvs: versions.map((v) => keyValue(v)!), revision, more, count };
  }

  create(key: string, value: Buffer, lease = 0): Promise<WriteResult> {
    return this.#write(key, 0, value, lease);
  }

  update(key: string, value: Buffer, expected: number, lease = 0): Promise<WriteResult> {
    return this.#write(key, expected, value, lease, true);
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    this.#checkOpen();
    const current = this.#index.get(key);
    if (current === undefined || current.revision !== expected) return this.#refused(current);
    const revision = this.#remove(current);
    return { ok: true, revision };
  }

  watch(prefix: string, options: WatchOptions): Watch {
    return this.#hub.watch(prefix, options);
  }

  async currentRevision(): Promise<number> {
    this.#checkOpen();
    return this.#index.revision;
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    this.#index.compact(revision);
  }

  async grantLease(ttlSeconds: number): Promise<number> {
    this.#checkOpen();
    const id = this.#leases.nextId();
    this.#leases.add(id, this.#clock.now() + ttlSeconds * 1000);
    this.#scheduleExpiry();
    return id;
  }

  /** Writes `{revision, kvs: [[key, created, modified, lease, base64], …]}` as JSON. */
  async snapshot(path: string): Promise<void> {
    const { kvs, revision } = await this.range('');
    const rows = kvs.map((kv) => [
      kv.key,
      kv.createRevision,
      kv.modRevision,
      kv.lease,
      kv.value.toString('base64'),
    ]);
    await writeFile(path, JSON.stringify({ revision, kvs: rows }), { mode: 0o600 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelExpiry?.();
    this.#hub.close(new StoreUnavailableError('the store is closed'));
  }

  async #write(
    key: string,
    expected: number,
    value: Buffer,
    lease: number,
    exists = false,
  ): Promise<WriteResult> {
    this.#checkOpen();
    const current = this.#index.get(key);
    if ((current?.revision ?? 0) !== expected || (exists && current === undefined)) {
      return this.#refused(current);
    }
    if (lease !== 0 && !this.#leases.has(lease)) throw new LeaseNotFoundError(lease);
    this.#leases.move(key, current?.lease ?? 0, lease);
    const version = this.#index.put(key, value, lease);
    this.#publish(version);
    return { ok: true, revision: version.revision };
  }

  #remove(current: Version<Buffer>): number {
    this.#leases.move(current.key, current.lease, 0);
    const version = this.#index.remove(current.key, none);
    this.#publish(version);
    return version.revision;
  }

  #refused(current: Version<Buffer> | undefined): WriteResult {
    return { ok: false, current: keyValue(current), revision: this.#index.revision };
  }

  #publish(version: Version<Buffer>): void {
    this.#hub.publish([storeEvent(version)], version.revision);
  }

  async *#replay(prefix: string, from: number, to: number): AsyncGenerator<StoreEvent[], void> {
    const { versions } = this.#index.changes(prefix, from, to, Number.POSITIVE_INFINITY);
    yield versions.map(storeEvent);
  }

  #scheduleExpiry(): void {
    this.#cancelExpiry?.();
    const at = this.#leases.nextExpiry();
    if (at === undefined) return;
    this.#cancelExpiry = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      for (;;) {
        const lease = this.#leases.expired(this.#clock.now());
        if (lease === undefined) break;
        for (const key of [...lease.keys]) this.#remove(this.#index.get(key)!);
        this.#leases.removeFirst();
      }
      this.#scheduleExpiry();
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed');
  }
}

function keyValue(version: Version<Buffer> | undefined): KeyValue | undefined {
  if (version === undefined) return undefined;
  const { key, value, createRevision, lease } = version;
  return { key, value, createRevision, modRevision: version.revision, lease };
}

function storeEvent(version: Version<Buffer>): StoreEvent {
  return { type: version.deleted ? 'delete' : 'put', kv: keyValue(version)! };
}
