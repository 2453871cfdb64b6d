/**
 * Back-off per key, doubling from `firstMs` to `maxMs`. A key that stayed quiet for twice the
 * maximum starts over. The arithmetic is client-go's flowcontrol.Backoff, which decides when
 * containers and image pulls are tried again.
 */
import type { Clock } from '../../machinery/meta/clock.ts';

interface Entry {
  delayMs: number;
  updatedAtMs: number;
}

export class KeyedBackoff {
  private readonly clock: Clock;
  private readonly firstMs: number;
  readonly maxMs: number;
  private readonly entries = new Map<string, Entry>();

  constructor(clock: Clock, firstMs: number, maxMs: number) {
    this.clock = clock;
    this.firstMs = firstMs;
    this.maxMs = maxMs;
  }

  /** The present delay of a key; 0 for one that has none. */
  delayOf(key: string): number {
    return this.entries.get(key)?.delayMs ?? 0;
  }

  /** When a key that failed at `eventMs` may be tried again; undefined: now. */
  readyAt(key: string, eventMs: number): number | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || this.expired(eventMs, entry)) return undefined;
    const at = eventMs + entry.delayMs;
    return this.clock.now() < at ? at : undefined;
  }

  /** The same, counted from the last `next`. */
  readyAtSinceUpdate(key: string): number | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || this.expired(this.clock.now(), entry)) return undefined;
    const at = entry.updatedAtMs + entry.delayMs;
    return this.clock.now() < at ? at : undefined;
  }

  /** Notes another try for an event at `eventMs`: the next delay is longer. */
  next(key: string, eventMs: number): void {
    const entry = this.entries.get(key);
    const now = this.clock.now();
    if (entry === undefined || this.expired(eventMs, entry)) {
      this.collect();
      this.entries.set(key, { delayMs: Math.min(this.firstMs, this.maxMs), updatedAtMs: now });
      return;
    }
    entry.delayMs = Math.min(entry.delayMs * 2, this.maxMs);
    entry.updatedAtMs = now;
  }

  reset(key: string): void {
    this.entries.delete(key);
  }

  private expired(eventMs: number, entry: Entry): boolean {
    return eventMs - entry.updatedAtMs > 2 * this.maxMs;
  }

  private collect(): void {
    const now = this.clock.now();
    for (const [key, entry] of this.entries) if (this.expired(now, entry)) this.entries.delete(key);
  }
}
