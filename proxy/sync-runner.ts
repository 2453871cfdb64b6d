/**
 * Runs one piece of work whenever something changed: the first change at once, further ones not
 * more often than every `minMs`, never two at a time, and again after a failure.
 */
import type { Clock } from '../machinery/meta/clock.ts';

export interface SyncRunnerOptions {
  readonly clock: Clock;
  readonly minMs: number;
  /** How long after a failure it is tried again. */
  readonly retryMs: number;
  /** Runs also when nothing changed, that often; 0: never. */
  readonly everyMs: number;
  readonly onError: (e: unknown) => void;
}

/** `work` reads what is to be done before it first awaits. */
export class SyncRunner {
  readonly #options: SyncRunnerOptions;
  readonly #work: () => Promise<void>;
  #wanted = false;
  #running: Promise<void> | undefined;
  #closed = false;
  #lastStartMs = -Infinity;
  #cancel: (() => void) | undefined;
  #dueMs = Infinity;

  constructor(work: () => Promise<void>, options: SyncRunnerOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** Something changed. */
  trigger(): void {
    this.#wanted = true;
    this.#arm(this.#lastStartMs + this.#options.minMs);
  }

  /** Ends it; resolves when work under way is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#running;
  }

  /** Due at the given time, or earlier if it was already. */
  #arm(atMs: number): void {
    if (this.#closed || this.#running !== undefined || atMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = atMs;
    const waitMs = Math.max(0, atMs - this.#options.clock.now());
    if (waitMs === 0) this.#start();
    else this.#cancel = this.#options.clock.after(waitMs, () => this.#start());
  }

  #start(): void {
    this.#cancel = undefined;
    this.#dueMs = Infinity;
    this.#lastStartMs = this.#options.clock.now();
    // After the present turn, so that changes that come together are one batch.
    this.#running = Promise.resolve()
      .then(() => {
        this.#wanted = false;
        return this.#work();
      })
      .then(
        () => this.#finished(false),
        (e: unknown) => {
          this.#options.onError(e);
          this.#finished(true);
        },
      );
  }

  #finished(failed: boolean): void {
    this.#running = undefined;
    const { retryMs, minMs, everyMs, clock } = this.#options;
    if (failed) this.#arm(clock.now() + retryMs);
    else if (this.#wanted) this.#arm(this.#lastStartMs + minMs);
    else if (everyMs > 0) this.#arm(clock.now() + everyMs);
  }
}
