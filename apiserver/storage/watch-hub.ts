/**
 * One stream of all changes, fanned out to the watches of a store. A watch is either live (the hub
 * queues its events) or behind (it reads history from the store until it has caught up): a watch
 * that starts in the past and one whose consumer is slow take the same road.
 */
import { type Clock, systemClock } from '../../machinery/meta/clock.ts';
import type { StoreEvent, Watch, WatchBatch, WatchOptions } from './storage.ts';

export interface WatchHubOptions {
  /** Everything up to this revision counts as published. */
  readonly revision: number;
  /**
   * Events under `prefix`, `from` to `to` inclusive, whole revisions in order; throws
   * CompactedError when some are gone. Ends when it has delivered all up to `to`, quietly on abort.
   */
  replay(
    prefix: string,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly StoreEvent[]>;
  /** Runs before a watch joins, for a source that is connected on demand. */
  readonly connect?: (signal: AbortSignal) => Promise<void>;
  /** Runs when the last watch has left. */
  readonly idle?: () => void;
  readonly clock?: Clock;
  /** Progress without events is shown this long after the store has changed. Default 1000. */
  readonly progressMs?: number;
  /** A watch with more than so many events or value bytes waiting falls behind. */
  readonly maxQueuedEvents?: number;
  readonly maxQueuedBytes?: number;
}

/** Fans out the events of one store. */
export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #clock: Clock;
  readonly #members = new Set<Member>();
  readonly #limits: { readonly events: number; readonly bytes: number };
  #revision: number;
  #cancelProgress: (() => void) | undefined;
  #closed: Error | undefined;

  constructor(options: WatchHubOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#revision = options.revision;
    this.#limits = {
      events: options.maxQueuedEvents ?? 10_000,
      bytes: options.maxQueuedBytes ?? 16 * 1024 * 1024,
    };
  }

  /** Everything up to this revision has been published. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether any watch runs. */
  get busy(): boolean {
    return this.#members.size > 0;
  }

  /** Delivers the events of whole revisions, in order, up to `revision`. */
  publish(events: readonly StoreEvent[], revision: number): void {
    this.#revision = revision;
    let lagging = false;
    for (const member of this.#members) {
      for (const event of events) member.offer(event, this.#limits);
      if (member.behind || member.due(revision)) member.wake();
      else lagging = true;
    }
    if (lagging) this.#scheduleProgress();
  }

  /** Starts anew at a revision: watches must have been failed before. */
  reset(revision: number): void {
    this.#revision = revision;
  }

  /** Ends the watches that run with an error. */
  fail(error: Error): void {
    for (const member of this.#members) member.fail(error);
  }

  /** Ends all watches, those to come too, with an error. */
  close(error: Error): void {
    this.#closed = error;
    this.#cancelProgress?.();
    this.fail(error);
  }

  /** Starts a watch: see `Storage.watch`. */
  watch(prefix: string, options: WatchOptions): Watch {
    const member = new Member(prefix, options.fromRevision);
    return {
      reach: (revision) => {
        member.wanted = Math.max(member.wanted, revision);
        if (member.due(this.#revision)) member.wake();
      },
      [Symbol.asyncIterator]: () => this.#run(member, options.signal),
    };
  }

  async *#run(member: Member, signal: AbortSignal): AsyncGenerator<WatchBatch, void> {
    const wake = () => member.wake();
    if (this.#closed !== undefined) throw this.#closed;
    if (signal.aborted) return;
    signal.addEventListener('abort', wake, { once: true });
    this.#members.add(member);
    try {
      await this.#options.connect?.(signal);
      while (!signal.aborted) {
        if (member.error !== undefined) throw member.error;
        if (member.behind) yield* this.#catchUp(member, signal);
        else if (member.due(this.#revision)) yield member.take(this.#revision);
        else await member.sleep();
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#members.delete(member);
      if (this.#members.size === 0) {
        this.#cancelProgress?.();
        this.#cancelProgress = undefined;
        this.#options.idle?.();
      }
    }
  }

  /**
   * Delivers history up to the hub's revision of now. Later events are queued meanwhile, so that
   * the watch is live afterwards, unless they were too many.
   */
  async *#catchUp(member: Member, signal: AbortSignal): AsyncGenerator<WatchBatch, void> {
    const to = this.#revision;
    const from = member.delivered + 1;
    member.behind = false;
    if (from > to) return;
    for await (const events of this.#options.replay(member.prefix, from, to, signal)) {
      const last = events.at(-1);
      if (last === undefined) continue;
      member.delivered = last.kv.modRevision;
      yield { events, revision: member.delivered };
      if (signal.aborted) return;
    }
    if (signal.aborted || member.delivered >= to) return;
    member.delivered = to;
    yield { events: [], revision: to };
  }

  #scheduleProgress(): void {
    this.#cancelProgress ??= this.#clock.after(this.#options.progressMs ?? 1000, () => {
      this.#cancelProgress = undefined;
      for (const member of this.#members) {
        if (member.delivered >= this.#revision) continue;
        member.wanted = Math.max(member.wanted, this.#revision);
        member.wake();
      }
    });
  }
}

/** The state of one watch. */
class Member {
  readonly prefix: string;
  /** Everything up to this revision was handed to the consumer. */
  delivered: number;
  /** A batch that reaches this revision is asked for. */
  wanted = 0;
  /** Has to read history before it can be live. */
  behind = true;
  error: Error | undefined;
  #queue: StoreEvent[] = [];
  #queuedBytes = 0;
  #wake: (() => void) | undefined;

  constructor(prefix: string, fromRevision: number) {
    this.prefix = prefix;
    this.delivered = fromRevision - 1;
  }

  offer(event: StoreEvent, limits: { readonly events: number; readonly bytes: number }): void {
    if (this.behind || !event.kv.key.startsWith(this.prefix)) return;
    if (event.kv.modRevision <= this.delivered) return;
    this.#queue.push(event);
    this.#queuedBytes += event.kv.value.length;
    if (this.#queue.length <= limits.events && this.#queuedBytes <= limits.bytes) return;
    this.behind = true;
    this.#clear();
  }

  /** Whether there is a batch to hand out with the hub at `revision`. */
  due(revision: number): boolean {
    return this.#queue.length > 0 || (this.wanted > this.delivered && this.wanted <= revision);
  }

  take(revision: number): WatchBatch {
    const events = this.#queue;
    this.#clear();
    this.delivered = Math.max(this.delivered, revision);
    return { events, revision: this.delivered };
  }

  fail(error: Error): void {
    this.error = error;
    this.#clear();
    this.wake();
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}
