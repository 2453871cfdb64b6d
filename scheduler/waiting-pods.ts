/** Pods that have a node but wait for permission, or are on the way to being bound. */
import type { Clock } from '../machinery/meta/clock.ts';
import { Status, unschedulable } from './status.ts';

interface Waiting {
  /** Plugins whose permission is missing, each with what cancels its time limit. */
  readonly missing: Map<string, () => void>;
  readonly settle: (status: Status | undefined) => void;
}

/** Owned by the scheduler; shared by all profiles. */
export class WaitingPods {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #binding = new Map<string, AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when every plugin allowed it (undefined), one rejected it, or a limit passed. */
  wait(uid: string, limitsMs: ReadonlyMap<string, number>): Promise<Status | undefined> {
    return new Promise((resolve) => {
      const missing = new Map<string, () => void>();
      const settle = (status: Status | undefined) => {
        for (const cancel of missing.values()) cancel();
        this.#waiting.delete(uid);
        resolve(status);
      };
      for (const [plugin, ms] of limitsMs) {
        const late = unschedulable(plugin, `rejected due to timeout after waiting ${ms}ms`);
        missing.set(
          plugin,
          this.#clock.after(ms, () => settle(late)),
        );
      }
      this.#waiting.set(uid, { missing, settle });
    });
  }

  /** One plugin gives its permission. */
  allow(uid: string, plugin: string): void {
    const waiting = this.#waiting.get(uid);
    waiting?.missing.get(plugin)?.();
    waiting?.missing.delete(plugin);
    if (waiting?.missing.size === 0) waiting.settle(undefined);
  }

  /** Rejects a pod that waits, or breaks off its preparations for binding. */
  reject(uid: string, plugin: string, reason: string): boolean {
    const waiting = this.#waiting.get(uid);
    if (waiting !== undefined) {
      waiting.settle(unschedulable(plugin, reason));
      return true;
    }
    const binding = this.#binding.get(uid);
    binding?.abort(new Error(reason));
    return binding !== undefined;
  }

  /** True for a pod that waits for permission. */
  isWaiting(uid: string): boolean {
    return this.#waiting.has(uid);
  }

  /** Runs preparations that `reject` can break off. */
  async prepare(
    uid: string,
    work: (signal: AbortSignal) => Promise<Status | undefined>,
  ): Promise<Status | undefined> {
    const controller = new AbortController();
    this.#binding.set(uid, controller);
    try {
      const status = await work(controller.signal);
      if (status === undefined && controller.signal.aborted) {
        return new Status('Error', '', [], controller.signal.reason as Error);
      }
      return status;
    } finally {
      this.#binding.delete(uid);
    }
  }

  /** Rejects everyone: the scheduler stops. */
  close(): void {
    for (const waiting of [...this.#waiting.values()]) {
      waiting.settle(unschedulable('', 'the scheduler is shutting down'));
    }
    for (const controller of this.#binding.values()) controller.abort(new Error('shutting down'));
  }
}
