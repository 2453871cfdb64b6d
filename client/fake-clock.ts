/** A clock for tests: time stands until it is moved; due callbacks run in order of their time. */
import type { Clock } from '../machinery/meta/clock.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Starts at 2026-01-01T00:00:00Z unless told. */
export class FakeClock implements Clock {
  private time: number;
  private readonly timers = new Set<Timer>();
  private order = 0;

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.time = startMs;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { at: this.time + Math.max(0, ms), order: this.order++, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** How many callbacks are due in the future. */
  get pending(): number {
    return this.timers.size;
  }

  /** Moves time on, running what falls due on the way, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    await settle();
    for (;;) {
      const next = [...this.timers]
        .filter((t) => t.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
      await settle();
    }
    this.time = until;
    await settle();
  }
}

/** Lets everything that waits for promises and for the event loop's next turns run. */
export async function settle(turns = 3): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
