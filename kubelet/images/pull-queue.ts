/** Runs image pulls a few at a time, in the order they were asked for. */
export class PullQueue {
  private readonly limit: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** `limit` pulls at once; 0 for any number. */
  constructor(limit: number) {
    this.limit = limit;
  }

  async run<T>(pull: () => Promise<T>): Promise<T> {
    if (this.limit > 0 && this.running >= this.limit) {
      // Whoever ends hands its place over: `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await pull();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
