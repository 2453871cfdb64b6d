/** Lets only so many pieces of work run at a time; the others wait in order. */

/** Unbounded in waiting: whoever asks must itself be limited. */
export class Turnstile {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  /** The first one that still waits. */
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs the work when there is room; its result or error is the caller's. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#limit) this.#inside++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** The place goes to the one that waits longest, or is free. */
  #leave(): void {
    const resolve = this.#waiting[this.#next];
    if (resolve === undefined) {
      this.#inside--;
      this.#waiting.length = 0;
      this.#next = 0;
      return;
    }
    this.#next++;
    resolve();
  }
}
