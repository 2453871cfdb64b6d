/**
 * After how many seconds a rejected client may come again: doubled while many are rejected, taken
 * back second by second when few are.
 */
const maxSeconds = 32;

export class RetryAfter {
  #seconds = 1;
  #doubledAt = 0;
  #current = 0;
  #count = 0;
  /** Rejections of past seconds, the oldest first. */
  #history: { readonly at: number; readonly count: number }[] = [];

  /** Counts a rejection; what its client is told. `now` in seconds. */
  reject(now: number): number {
    const second = Math.floor(now);
    if (second === this.#current) {
      this.#count++;
      return this.#seconds;
    }
    this.#history.push({ at: this.#current, count: this.#count });
    const keep = Math.min(2 * this.#seconds, maxSeconds);
    this.#history = this.#history.filter((h) => second - h.at <= keep);
    this.#current = second;
    this.#count = 1;
    this.#adjust(second);
    return this.#seconds;
  }

  #adjust(second: number): void {
    const dropped = this.#history
      .filter((h) => second - h.at <= this.#seconds && h.at < second)
      .reduce((n, h) => n + h.count, 0);
    if (second - this.#doubledAt >= this.#seconds && dropped >= 3 * this.#seconds) {
      this.#seconds = Math.min(2 * this.#seconds, maxSeconds);
      this.#doubledAt = second;
    } else if (dropped < this.#seconds && this.#seconds > 1) {
      this.#seconds--;
    }
  }
}
