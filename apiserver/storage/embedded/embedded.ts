/**
 * The store of a single machine: SQLite in a thread of its own (`worker.ts`). This side turns calls
 * into requests and feeds the watches with the writes that came back as done.
 */
import { resolve } from 'node:path';
import {
  CompactedError,
  type KeyValue,
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
import { defaultHistory, type HistoryLimits } from './history.ts';
import { WorkerLink } from './link.ts';
import type { MessageReader, MessageWriter } from './message.ts';
import { answer, readEvents, readKeyValue, request } from './protocol.ts';

export interface EmbeddedStorageOptions {
  /** Made when it is missing; one process at a time can have it open. */
  readonly dataDir: string;
  /** How much history to keep; `defaultHistory` for what is not given. */
  readonly history?: Partial<HistoryLimits>;
  /**
   * The store goes on from this revision at least. A store whose content is older than what clients
   * have seen (restored, or copied from elsewhere) needs one that is higher than any they know:
   * they then list again, rather than take old revisions for new ones.
   */
  readonly minRevision?: number;
  readonly hub?: Pick<WatchHubOptions, 'progressMs' | 'maxQueuedEvents' | 'maxQueuedBytes'>;
}

/** Keys in one answer to a range. */
const chunkKeys = 1000;

interface RangeChunk {
  readonly kvs: KeyValue[];
  readonly revision: number;
  readonly more: boolean;
  readonly count: number;
}

/** A store in a data directory. It compacts its history by itself. */
export class EmbeddedStorage implements Storage {
  readonly #link: WorkerLink;
  readonly #hub: WatchHub;
  #revision: number;
  /** Events of the message that is being read, in revision order. */
  #events: StoreEvent[] = [];

  /** Opens the store; throws StoreFileError, whose one line says what is wrong. */
  static async open(options: EmbeddedStorageOptions): Promise<EmbeddedStorage> {
    const { revision, connect } = await WorkerLink.start({
      dataDir: resolve(options.dataDir),
      minRevision: options.minRevision ?? 0,
      history: { ...defaultHistory, ...options.history },
    });
    return new EmbeddedStorage(revision, connect, options.hub);
  }

  private constructor(
    revision: number,
    connect: Awaited<ReturnType<typeof WorkerLink.start>>['connect'],
    hub: EmbeddedStorageOptions['hub'],
  ) {
    this.#revision = revision;
    this.#hub = new WatchHub({
      ...hub,
      revision,
      replay: (prefix, from, to, signal) => this.#replay(prefix, from, to, signal),
    });
    this.#link = connect({
      expired: (events) => {
        this.#events.push(...events);
        this.#revision = events.at(-1)?.kv.modRevision ?? this.#revision;
      },
      received: () => {
        if (this.#events.length === 0) return;
        const events = this.#events;
        this.#events = [];
        this.#hub.publish(events, this.#revision);
      },
      ended: (error) => this.#hub.close(error),
    });
  }

  get(key: string): Promise<{ kv: KeyValue | undefined; revision: number }> {
    const write = (to: MessageWriter) => to.text(key);
    return this.#link.ask(request.get, key.length * 3, write, (from) => {
      const revision = from.number();
      return { kv: readKeyValue(from), revision };
    });
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    for (;;) {
      try {
        return await this.#rangeInChunks(prefix, options);
      } catch (error) {
        // A long range of the newest state can be overtaken by a compaction: then it starts again.
        if (!(error instanceof CompactedError) || options.revision) throw error;
      }
    }
  }

  create(key: string, value: Buffer, lease = 0): Promise<WriteResult> {
    return this.#link.ask(
      request.create,
      key.length * 3 + value.length,
      (to) => {
        to.text(key);
        to.bytes(value);
        to.number(lease);
      },
      (from, tag) => this.#written(from, tag, key, value, lease),
    );
  }

  update(key: string, value: Buffer, expected: number, lease = 0): Promise<WriteResult> {
    return this.#link.ask(
      request.update,
      key.length * 3 + value.length,
      (to) => {
        to.text(key);
        to.bytes(value);
        to.number(expected);
        to.number(lease);
      },
      (from, tag) => this.#written(from, tag, key, value, lease),
    );
  }

  delete(key: string, expected: number): Promise<WriteResult> {
    return this.#link.ask(
      request.delete,
      key.length * 3,
      (to) => {
        to.text(key);
        to.number(expected);
      },
      (from, tag) => this.#written(from, tag, key, undefined, 0),
    );
  }

  watch(prefix: string, options: WatchOptions): Watch {
    return this.#hub.watch(prefix, options);
  }

  async currentRevision(): Promise<number> {
    // Acknowledged is what this side has read: no write that anyone knows of is newer.
    if (this.#link.ended !== undefined) throw this.#link.ended;
    return this.#revision;
  }

  async compact(revision: number): Promise<void> {
    await this.#number(request.compact, revision);
  }

  grantLease(ttlSeconds: number): Promise<number> {
    return this.#number(request.grantLease, ttlSeconds);
  }

  async snapshot(path: string): Promise<void> {
    const write = (to: MessageWriter) => to.text(resolve(path));
    await this.#link.ask(request.snapshot, path.length * 3, write, (from) => from.number());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.close(new StoreUnavailableError('the store is closed'));
    await this.#link.close();
  }

  #number(tag: number, value: number): Promise<number> {
    return this.#link.ask(
      tag,
      8,
      (to) => to.number(value),
      (from) => from.number(),
    );
  }

  /** Reads the answer to a write and notes its event; `value` is undefined for a delete. */
  #written(
    from: MessageReader,
    tag: number,
    key: string,
    value: Buffer | undefined,
    lease: number,
  ): WriteResult {
    const revision = from.number();
    if (tag === answer.refused) return { ok: false, current: readKeyValue(from), revision };
    const createRevision = from.number();
    this.#revision = revision;
    const kv: KeyValue = {
      key,
      value: value ?? Buffer.alloc(0),
      createRevision,
      modRevision: revision,
      lease,
    };
    this.#events.push({ type: value === undefined ? 'delete' : 'put', kv });
    return { ok: true, revision };
  }

  async #rangeInChunks(prefix: string, options: RangeOptions): Promise<RangeResult> {
    const limit = options.limit || Number.POSITIVE_INFINITY;
    const first = await this.#chunk(prefix, options, limit, true);
    const { kvs, revision, count } = first;
    for (let chunk = first; chunk.more && kvs.length < limit; ) {
      const after = kvs.at(-1)!.key;
      chunk = await this.#chunk(prefix, { after, revision }, limit - kvs.length, false);
      for (const kv of chunk.kvs) kvs.push(kv);
    }
    return { kvs, revision, more: count > kvs.length, count };
  }

  #chunk(
    prefix: string,
    { after = '', revision = 0 }: RangeOptions,
    limit: number,
    count: boolean,
  ): Promise<RangeChunk> {
    return this.#link.ask(
      request.range,
      (prefix.length + after.length) * 3,
      (to) => {
        to.text(prefix);
        to.text(after);
        to.number(revision);
        to.number(Math.min(limit, chunkKeys));
        to.byte(count ? 1 : 0);
      },
      (from) => {
        const revision = from.number();
        const more = from.byte() === 1;
        const count = from.number();
        const kvs = Array.from({ length: from.number() }, () => readKeyValue(from)!);
        return { kvs, revision, more, count };
      },
    );
  }

  async *#replay(
    prefix: string,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoreEvent[], void> {
    for (let next = from; next <= to && !signal.aborted; ) {
      const first = next;
      const { events, reached } = await this.#link.ask(
        request.changes,
        prefix.length * 3,
        (message) => {
          message.text(prefix);
          message.number(first);
          message.number(to);
        },
        (answered) => ({ reached: answered.number(), events: readEvents(answered) }),
      );
      yield events;
      next = reached + 1;
    }
  }
}
