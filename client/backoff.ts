/** How long to wait before trying again: doubling, with jitter, up to a limit. */

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** Each `next` is twice the one before, spread over its upper half; `reset` starts over. */
export class Backoff {
  private attempts = 0;
  private readonly options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.options = options;
  }

  next(): number {
    const { firstMs, maxMs, random } = this.options;
    const full = Math.min(maxMs, firstMs * 2 ** this.attempts);
    if (full < maxMs) this.attempts++;
    return full / 2 + (full / 2) * random();
  }

  reset(): void {
    this.attempts = 0;
  }
}
