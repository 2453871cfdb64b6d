/** The store in etcd, with the keys and the meaning that the real API server gives them. */
import { randomInt } from 'node:crypto';
import { open } from 'node:fs/promises';
import { writeAtomically } from '../atomic-file.ts';
import { compareKeys, prefixEnd } from '../key-order.ts';
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  LeaseNotFoundError,
  type RangeOptions,
  type RangeResult,
  type Storage,
  StoreUnavailableError,
  type Watch,
  type WatchOptions,
  type WriteResult,
} from '../storage.ts';
import { WatchHub, type WatchHubOptions } from '../watch-hub.ts';
import { EtcdConnection } from './connection.ts';
import { isFutureRevision, isLeaseNotFound } from './errors.ts';
import { EtcdFeed } from './feed.ts';
import type { EtcdOptions } from './http2-session.ts';
import {
  decodeRange,
  decodeSnapshot,
  decodeTxn,
  encodeCompact,
  encodeDelete,
  encodeLeaseGrant,
  encodePut,
  encodeRange,
  method,
  type RangeResponse,
} from './messages.ts';

export interface EtcdStorageOptions extends EtcdOptions {
  readonly hub?: Pick<WatchHubOptions, 'progressMs' | 'maxQueuedEvents' | 'maxQueuedBytes'>;
}

/** A range is read in pages of about this size. */
const pageBytes = 2 * 1024 * 1024;
/** Keys of the first page, whose size is not known yet. */
const firstPage = 500;
const maxPage = 10_000;
/** etcd takes 63 bits; JavaScript's numbers hold 53, node's random numbers have 48. */
const maxLeaseId = 2 ** 48 - 1;

/** A store in an etcd cluster. Compaction is the caller's. */
export class EtcdStorage implements Storage {
  readonly #connection: EtcdConnection;
  readonly #feed: EtcdFeed;
  readonly #hub: WatchHub;
  #pageKeys = firstPage;
  #newest: { readonly running: Promise<number>; next: Promise<number> | undefined } | undefined;

  /** Connects when it is first used. */
  constructor(options: EtcdStorageOptions) {
    this.#connection = new EtcdConnection(options);
    this.#feed = new EtcdFeed(this.#connection);
    this.#hub = new WatchHub({
      ...options.hub,
      revision: 0,
      connect: (signal) => this.#feed.connect(signal),
      idle: () => this.#feed.stop(),
      replay: (prefix, from, to, signal) => this.#feed.replay(prefix, from, to, signal),
    });
    this.#feed.hub = this.#hub;
  }

  async get(key: string): Promise<{ kv: KeyValue | undefined; revision: number }> {
    const request = encodeRange({ key: Buffer.from(key) });
    const { kvs, revision } = decodeRange(await this.#read(request));
    return { kv: kvs[0], revision };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    for (;;) {
      try {
        return await this.#rangeInPages(prefix, options);
      } catch (error) {
        if (isFutureRevision(error)) throw new FutureRevisionError(await this.currentRevision());
        // A long range of the newest state can be overtaken by a compaction: then it starts again.
        if (!(error instanceof CompactedError) || options.revision) throw error;
      }
    }
  }

  create(key: string, value: Buffer, lease = 0): Promise<WriteResult> {
    return this.#put(key, value, 0, lease);
  }

  async update(key: string, value: Buffer, expected: number, lease = 0): Promise<WriteResult> {
    // To etcd the revision 0 means "does not exist".
    if (expected <= 0) return this.#refused(key);
    return this.#put(key, value, expected, lease);
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    if (expected <= 0) return this.#refused(key);
    const request = encodeDelete(Buffer.from(key), expected);
    const answer = await this.#connection.call(method.txn, request, false);
    const { succeeded, kv, revision } = decodeTxn(answer);
    return succeeded ? { ok: true, revision } : { ok: false, current: kv, revision };
  }

  watch(prefix: string, options: WatchOptions): Watch {
    return this.#hub.watch(prefix, options);
  }

  /** A quorum read. Callers that come while one runs share the one after it. */
  currentRevision(): Promise<number> {
    if (this.#newest === undefined) return this.#readRevision();
    const { running } = this.#newest;
    const next = () => this.#readRevision();
    this.#newest.next ??= running.then(next, next);
    return this.#newest.next;
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#connection.call(method.compact, encodeCompact(revision), true);
    } catch (error) {
      if (error instanceof CompactedError) return;
      if (isFutureRevision(error)) throw new FutureRevisionError(await this.currentRevision());
      throw error;
    }
  }

  async grantLease(ttlSeconds: number): Promise<number> {
    const id = randomInt(1, maxLeaseId);
    const request = encodeLeaseGrant(Math.max(1, Math.ceil(ttlSeconds)), id);
    await this.#connection.call(method.leaseGrant, request, false);
    return id;
  }

  /** Writes what `etcdctl snapshot save` writes. */
  async snapshot(path: string): Promise<void> {
    await writeAtomically(path, async (partial) => {
      await using file = await open(partial, 'w');
      for await (const message of this.#connection.snapshot()) {
        await file.writeFile(decodeSnapshot(message));
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.close(new StoreUnavailableError('the store is closed'));
    this.#feed.stop();
    this.#connection.close();
  }

  #read(request: Buffer): Promise<Buffer> {
    return this.#connection.call(method.range, request, true);
  }

  async #put(key: string, value: Buffer, expected: number, lease: number): Promise<WriteResult> {
    const request = encodePut(Buffer.from(key), value, expected, lease);
    try {
      const answer = await this.#connection.call(method.txn, request, false);
      const { succeeded, kv, revision } = decodeTxn(answer);
      return succeeded ? { ok: true, revision } : { ok: false, current: kv, revision };
    } catch (error) {
      if (isLeaseNotFound(error)) throw new LeaseNotFoundError(lease);
      throw error;
    }
  }

  async #refused(key: string): Promise<WriteResult> {
    const { kv, revision } = await this.get(key);
    return { ok: false, current: kv, revision };
  }

  #readRevision(): Promise<number> {
    const request = encodeRange({ key: Buffer.from([0]), countOnly: true });
    const running = this.#read(request)
      .then((answer) => decodeRange(answer).revision)
      .finally(() => {
        if (this.#newest?.running === running) this.#newest = undefined;
      });
    this.#newest = { running, next: undefined };
    return running;
  }

  async #rangeInPages(prefix: string, options: RangeOptions): Promise<RangeResult> {
    const { after } = options;
    const limit = options.limit || Number.POSITIVE_INFINITY;
    const from = after !== undefined && compareKeys(after, prefix) >= 0 ? `${after}\0` : prefix;
    const first = await this.#page(prefix, from, limit, options.revision ?? 0);
    const { kvs, count } = first;
    const revision = options.revision || first.revision;
    for (let page = first; page.more && kvs.length < limit; ) {
      page = await this.#page(prefix, `${kvs.at(-1)!.key}\0`, limit - kvs.length, revision);
      for (const kv of page.kvs) kvs.push(kv);
    }
    return { kvs, revision, more: count > kvs.length, count };
  }

  /** One page, as many keys as were `pageBytes` the last time. */
  async #page(
    prefix: string,
    from: string,
    limit: number,
    revision: number,
  ): Promise<RangeResponse> {
    const rangeEnd = prefixEnd(Buffer.from(prefix));
    const key = from === '' ? Buffer.from([0]) : Buffer.from(from);
    const pageLimit = Math.min(limit, this.#pageKeys);
    const answer = await this.#read(encodeRange({ key, rangeEnd, limit: pageLimit, revision }));
    const page = decodeRange(answer);
    if (page.kvs.length >= 10) {
      const fitting = Math.floor(pageBytes / (answer.length / page.kvs.length));
      this.#pageKeys = Math.min(Math.max(fitting, 10), maxPage);
    }
    return page;
  }
}
