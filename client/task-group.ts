/** Background loops that are awaited on close and whose failure is reported, never lost. */

/** Runs loops under one signal. Close it with `await using` or `close()`. */
export class TaskGroup implements AsyncDisposable {
  private readonly controller = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly detach: () => void;
  private failed: { error: unknown } | undefined;

  /** The group also ends when `parent` aborts. */
  constructor(parent?: AbortSignal) {
    const abort = (): void => this.controller.abort(parent?.reason);
    if (parent?.aborted) abort();
    else parent?.addEventListener('abort', abort, { once: true });
    this.detach = () => parent?.removeEventListener('abort', abort);
  }

  /** Aborts when the group closes, its parent aborts or one of its tasks fails. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /**
   * Starts a loop. A loop that throws before the group is closed ends the whole group; `wait`
   * and `close` throw its error. What it throws after the abort is dropped: that is its end.
   */
  start(name: string, task: (signal: AbortSignal) => Promise<void> | void): void {
    const promise = (async () => {
      try {
        await task(this.signal);
      } catch (cause) {
        if (this.signal.aborted) return;
        this.failed = { error: new Error(`${name} failed: ${messageOf(cause)}`, { cause }) };
        this.controller.abort(this.failed.error);
      }
    })();
    this.running.add(promise);
    void promise.then(() => this.running.delete(promise));
  }

  /** Resolves when all loops have ended, those started meanwhile too; throws the first failure. */
  async wait(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
    this.detach();
    if (this.failed !== undefined) throw this.failed.error;
  }

  /** Ends the loops and waits for them; throws the first failure. */
  async close(): Promise<void> {
    this.controller.abort();
    await this.wait();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
