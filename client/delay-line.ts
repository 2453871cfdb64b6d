/** Keys that come due later, soonest first, on one timer. */
import type { Clock } from '../machinery/meta/clock.ts';

interface Entry {
  readonly key: string;
  readonly at: number;
}

/** A key waits once: for the earliest of the times it was given. */
export class DelayLine {
  private readonly clock: Clock;
  private readonly due: (key: string) => void;
  private readonly times = new Map<string, number>();
  /** A binary heap by time; entries that `times` no longer confirms are skipped. */
  private readonly heap: Entry[] = [];
  private cancel: (() => void) | undefined;
  private timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, due: (key: string) => void) {
    this.clock = clock;
    this.due = due;
  }

  get size(): number {
    return this.times.size;
  }

  add(key: string, delayMs: number): void {
    const at = this.clock.now() + delayMs;
    const known = this.times.get(key);
    if (known !== undefined && known <= at) return;
    this.times.set(key, at);
    push(this.heap, { key, at });
    this.arm();
  }

  /** Forgets a key that waits. */
  delete(key: string): void {
    this.times.delete(key);
  }

  clear(): void {
    this.times.clear();
    this.heap.length = 0;
    this.cancel?.();
    this.cancel = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
  }

  private arm(): void {
    const first = this.heap[0];
    if (first === undefined || first.at >= this.timerAt) return;
    this.cancel?.();
    this.timerAt = first.at;
    // Timers of the machine hold at most 2^31 ms; fire() arms again for what is left.
    const ms = Math.min(first.at - this.clock.now(), 2 ** 31 - 1);
    this.cancel = this.clock.after(Math.max(0, ms), () => this.fire());
  }

  private fire(): void {
    this.timerAt = Number.POSITIVE_INFINITY;
    this.cancel = undefined;
    const now = this.clock.now();
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      const current = this.times.get(first.key) === first.at;
      if (current && first.at > now) break;
      pop(this.heap);
      if (!current) continue;
      this.times.delete(first.key);
      this.due(first.key);
    }
    this.arm();
  }
}

function push(heap: Entry[], entry: Entry): void {
  let i = heap.length;
  heap.push(entry);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]!.at <= entry.at) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
    if (heap[child]!.at >= last.at) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = last;
}
