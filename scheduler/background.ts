/** Work that goes on beside scheduling: bindings, status writes, deletions. Awaited at the end. */
import { errorFields, type Log } from '../client/log.ts';

export class Background {
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Starts work; what it throws is logged. */
  start(what: string, work: (signal: AbortSignal) => Promise<void>): void {
    const promise = work(this.#stop.signal).catch((e: unknown) => {
      if (!this.#stop.signal.aborted) this.#log.error(errorFields(e), `${what} failed`);
    });
    this.#running.add(promise);
    void promise.then(() => this.#running.delete(promise));
  }

  /** Tells all work to end and waits for it. */
  async close(): Promise<void> {
    this.#stop.abort();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
