/** Runs the steps of one worker: one at a time, when something changed or a time has come. */
import type { Clock } from '../../machinery/meta/clock.ts';

/** After an error that says nothing of when to try again: doubling from the first to the last. */
const firstRetryMs = 1000;
const maxRetryMs = 10_000;

export class StepLoop {
  private readonly clock: Clock;
  private readonly step: () => Promise<void>;
  private readonly failed: (error: unknown) => void;
  private due = false;
  private stepping = false;
  private closed = false;
  private cancelTimer: (() => void) | undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private failuresInRow = 0;

  /** `failed` hears of what a step throws, and says when the next one is due. */
  constructor(clock: Clock, step: () => Promise<void>, failed: (error: unknown) => void) {
    this.clock = clock;
    this.step = step;
    this.failed = failed;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** A step is due: now, or when the one under way has ended. */
  wake(): void {
    this.due = true;
    if (!this.stepping && !this.closed) void this.run();
  }

  /** A step is due at that time, unless one comes before; each step forgets what was set. */
  wakeAt(ms: number): void {
    if (ms >= this.timerAtMs || this.closed) return;
    this.clearTimer();
    this.timerAtMs = ms;
    this.cancelTimer = this.clock.after(Math.max(0, ms - this.clock.now()), () => this.wake());
  }

  /** A step is due after a pause that grows with each time in a row. */
  wakeLater(): void {
    const delay = Math.min(maxRetryMs, firstRetryMs * 2 ** this.failuresInRow);
    this.failuresInRow++;
    this.wakeAt(this.clock.now() + delay);
  }

  /** The pauses of `wakeLater` start from the shortest again. */
  forgetFailures(): void {
    this.failuresInRow = 0;
  }

  /** No further step begins. */
  close(): void {
    this.closed = true;
    this.clearTimer();
  }

  private async run(): Promise<void> {
    this.stepping = true;
    try {
      while (this.due && !this.closed) {
        this.due = false;
        this.clearTimer();
        try {
          await this.step();
        } catch (error) {
          if (!this.closed) this.failed(error);
        }
      }
    } finally {
      this.stepping = false;
    }
  }

  private clearTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
  }
}
