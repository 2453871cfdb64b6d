/** Events gathered into batches and handed on beside the requests they tell of. */
import type { AuditEvent } from './event.ts';
import type { AuditSink, OnLost } from './sink.ts';

export interface BatchOptions {
  /** Events that wait; more are lost. */
  readonly bufferSize: number;
  readonly maxBatchSize: number;
  /** How long a batch that is not full waits; 0: not at all. */
  readonly maxWaitMs: number;
  /** Batches per second, and at once after a pause; undefined: without limit. */
  readonly throttle?: { readonly perSecond: number; readonly burst: number };
  /** Batches that may be on their way at the same time. */
  readonly concurrency: number;
}

export interface Timers {
  now(): number;
  /** Calls back once, after a while; returns how to take it back. */
  after(ms: number, run: () => void): () => void;
}

/** Real time; it does not keep the process alive. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Never fails: what does not fit is lost, and told. */
export class BatchingSink implements AuditSink {
  readonly #to: AuditSink;
  readonly #o: BatchOptions;
  readonly #onLost: OnLost;
  readonly #timers: Timers;
  #waiting: AuditEvent[] = [];
  #running = 0;
  /** The timer that sends what waits. */
  #cancel: (() => void) | undefined;
  /** When the batch that waits is sent, full or not. */
  #dueMs = 0;
  #tokens: number;
  #tokensMs: number;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(to: AuditSink, options: BatchOptions, onLost: OnLost, timers = systemTimers) {
    this.#to = to;
    this.#o = options;
    this.#onLost = onLost;
    this.#timers = timers;
    this.#tokens = options.throttle?.burst ?? 0;
    this.#tokensMs = timers.now();
  }

  process(events: readonly AuditEvent[]): boolean {
    const room = this.#closed === undefined ? this.#o.bufferSize - this.#waiting.length : 0;
    if (room < events.length) {
      const why = this.#closed === undefined ? 'buffer queue blocked' : 'backend shut down';
      this.#onLost('buffered', new Error(`audit ${why}`), events.length - Math.max(room, 0));
    }
    if (room <= 0) return true;
    if (this.#waiting.length === 0) this.#dueMs = this.#timers.now() + this.#o.maxWaitMs;
    this.#waiting.push(...events.slice(0, room));
    this.#pump();
    return true;
  }

  /** Sends what waits, without waiting for the time or the throttle. */
  async close(): Promise<void> {
    this.#closed = Promise.withResolvers<void>();
    this.#cancel?.();
    this.#pump();
    if (this.#running > 0) await this.#closed.promise;
    await this.#to.close();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#running < this.#o.concurrency) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#cancel?.();
        this.#cancel = this.#timers.after(waitMs, () => {
          this.#cancel = undefined;
          this.#pump();
        });
        return;
      }
      if (this.#o.throttle !== undefined) this.#tokens--;
      this.#running++;
      void this.#send(this.#waiting.splice(0, this.#o.maxBatchSize));
      this.#dueMs = this.#timers.now() + this.#o.maxWaitMs;
    }
  }

  /** How long the next batch has to wait; 0 when it may go. */
  #waitMs(): number {
    if (this.#closed !== undefined) return 0;
    const now = this.#timers.now();
    const full = this.#waiting.length >= this.#o.maxBatchSize;
    const due = full ? 0 : this.#dueMs - now;
    const { throttle } = this.#o;
    if (throttle === undefined) return Math.max(due, 0);
    const earned = ((now - this.#tokensMs) / 1000) * throttle.perSecond;
    this.#tokens = Math.min(throttle.burst, this.#tokens + earned);
    this.#tokensMs = now;
    const token = this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / throttle.perSecond) * 1000;
    // Timers are whole milliseconds: one that is early would come again and again.
    return Math.ceil(Math.max(due, token, 0));
  }

  async #send(batch: readonly AuditEvent[]): Promise<void> {
    try {
      await this.#to.process(batch);
    } catch (e) {
      this.#onLost('buffered', e as Error, batch.length);
    } finally {
      this.#running--;
      this.#pump();
      if (this.#running === 0 && this.#waiting.length === 0) this.#closed?.resolve();
    }
  }
}
