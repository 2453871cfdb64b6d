/**
 * The queue between informers and workers (the guarantees of client-go's workqueue): a key is
 * worked on by one worker at a time, waits at most once however often it is added, and is queued
 * again when it was added while being worked on.
 */
import type { Clock } from '../machinery/meta/clock.ts';
import { DelayLine } from './delay-line.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** First pause after a failure; doubles per failure of the key. Default 5 ms. */
  readonly baseDelayMs?: number;
  /** Default 1000 s. */
  readonly maxDelayMs?: number;
  /** Over all keys: failures retried per second, default 10, in bursts of 100. */
  readonly retriesPerSecond?: number;
  readonly retryBurst?: number;
  readonly observer?: WorkQueueObserver;
}

/** For workqueue_* metrics. */
export interface WorkQueueObserver {
  added(depth: number): void;
  started(depth: number, waitedMs: number): void;
  finished(workedMs: number): void;
  retried(): void;
}

export class WorkQueue {
  private readonly options: WorkQueueOptions;
  private readonly clock: Clock;
  /** Keys to hand out, in order; a Map keeps insertion order and drops duplicates. */
  private readonly queued = new Map<string, number>();
  private readonly processing = new Map<string, number>();
  /** Added while being processed. */
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly waiting: ((key: string | undefined) => void)[] = [];
  private readonly delayed: DelayLine;
  private readonly bucket: TokenBucket;
  private closed = false;

  constructor(options: WorkQueueOptions) {
    this.options = options;
    this.clock = options.clock;
    this.delayed = new DelayLine(options.clock, (key) => this.add(key));
    this.bucket = new TokenBucket(options.retriesPerSecond ?? 10, options.retryBurst ?? 100);
  }

  /** How many keys wait for a worker. */
  get length(): number {
    return this.queued.size;
  }

  add(key: string): void {
    if (this.closed) return;
    if (this.processing.has(key)) {
      this.again.add(key);
      return;
    }
    if (this.queued.has(key)) return;
    const waiter = this.waiting.shift();
    this.queued.set(key, this.clock.now());
    this.options.observer?.added(this.queued.size);
    if (waiter !== undefined) waiter(this.take());
  }

  /** Adds after a delay; of several delays for a key the shortest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.closed) return;
    if (delayMs <= 0) this.add(key);
    else this.delayed.add(key, delayMs);
  }

  /** Adds after the pause that the key's failures so far call for. */
  addRateLimited(key: string): void {
    const { baseDelayMs = 5, maxDelayMs = 1_000_000 } = this.options;
    const failures = this.failures.get(key) ?? 0;
    this.failures.set(key, failures + 1);
    this.options.observer?.retried();
    const own = Math.min(maxDelayMs, baseDelayMs * 2 ** failures);
    this.addAfter(key, Math.max(own, this.bucket.reserve(this.clock.now())));
  }

  /** Forgets the key's failures: call it after success. */
  forget(key: string): void {
    this.failures.delete(key);
  }

  /** Failures since the last `forget`. */
  retries(key: string): number {
    return this.failures.get(key) ?? 0;
  }

  /** The next key, which is then the caller's until `done`; undefined after shutDown. */
  next(): Promise<string | undefined> {
    const key = this.take();
    if (key !== undefined || this.closed) return Promise.resolve(key);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Ends work on a key. */
  done(key: string): void {
    const startedAt = this.processing.get(key);
    if (startedAt === undefined) return;
    this.processing.delete(key);
    this.options.observer?.finished(this.clock.now() - startedAt);
    if (this.again.delete(key)) this.add(key);
  }

  /** Drops what waits and lets all `next` resolve with undefined; nothing is added any more. */
  shutDown(): void {
    this.closed = true;
    this.queued.clear();
    this.again.clear();
    this.delayed.clear();
    for (const waiter of this.waiting.splice(0)) waiter(undefined);
  }

  private take(): string | undefined {
    for (const [key, since] of this.queued) {
      this.queued.delete(key);
      const now = this.clock.now();
      this.processing.set(key, now);
      this.options.observer?.started(this.queued.size, now - since);
      return key;
    }
    return undefined;
  }
}

/**
 * Runs `workers` loops over a queue until the signal aborts; resolves when all have ended.
 * `work` must not throw: what to do about a failure is its decision.
 */
export async function runWorkers(
  queue: WorkQueue,
  workers: number,
  work: (key: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = (): void => queue.shutDown();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const loop = async (): Promise<void> => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      try {
        await work(key);
      } finally {
        queue.done(key);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, loop));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Hands out moments at a rate, with a burst; what is reserved is spent. */
class TokenBucket {
  private readonly perSecond: number;
  private readonly burst: number;
  private tokens: number;
  private at = 0;

  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.tokens = burst;
  }

  /** Milliseconds until the reserved moment. */
  reserve(now: number): number {
    const gained = ((now - this.at) / 1000) * this.perSecond;
    this.tokens = Math.min(this.burst, this.tokens + Math.max(0, gained)) - 1;
    this.at = now;
    return this.tokens >= 0 ? 0 : (-this.tokens / this.perSecond) * 1000;
  }
}
