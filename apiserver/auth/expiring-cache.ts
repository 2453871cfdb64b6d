/** Answers that hold for a while: a map of bounded size whose entries end. */
export class ExpiringCache<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly endsMs: number }>();
  readonly #limit: number;
  readonly #now: () => number;

  /** `limit`: entries; what was set longest ago goes first. `now`: milliseconds. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Undefined when there is none, or it has ended. */
  get(key: string): V | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    if (this.#now() < found.endsMs) return found.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Holds for `ttlMs` from now; nothing is kept for 0. */
  set(key: string, value: V, ttlMs: number): void {
    this.#entries.delete(key);
    if (ttlMs <= 0) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#limit) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, endsMs: this.#now() + ttlMs });
  }

  get size(): number {
    return this.#entries.size;
  }
}
