/**
 * Pods that have to wait before they are tried again: 1 s after the first failure, doubling up to
 * 10 s. Pods that merely fit nowhere may be taken early when nothing else waits; pods that failed
 * with an error always wait, so as not to press a server in trouble.
 */
import { KeyedHeap } from './heap.ts';
import type { QueuedPod } from './queued-pod.ts';

/** Pods whose wait ends within the same window are ordered by priority. */
const windowMs = 1000;

export interface BackoffLimits {
  readonly initialMs: number;
  /** 0 turns back-off off. */
  readonly maxMs: number;
}

/** The length of the nth wait (n from 1). */
export function backoffMs(limits: BackoffLimits, n: number): number {
  if (n <= 0) return 0;
  return Math.min(limits.maxMs, limits.initialMs * 2 ** Math.min(n - 1, 40));
}

export class BackoffQueue {
  readonly #limits: BackoffLimits;
  readonly #unschedulable: KeyedHeap<QueuedPod>;
  readonly #failed: KeyedHeap<QueuedPod>;

  constructor(limits: BackoffLimits, less: (a: QueuedPod, b: QueuedPod) => boolean) {
    this.#limits = limits;
    const keyOf = (pod: QueuedPod) => pod.info.uid;
    this.#unschedulable = new KeyedHeap(keyOf, (a, b) => {
      const wa = Math.floor(this.untilMs(a) / windowMs);
      const wb = Math.floor(this.untilMs(b) / windowMs);
      return wa === wb ? less(a, b) : wa < wb;
    });
    this.#failed = new KeyedHeap(keyOf, (a, b) => this.untilMs(a) < this.untilMs(b));
  }

  get size(): number {
    return this.#unschedulable.size + this.#failed.size;
  }

  /** When the pod may be tried again; 0 when it never had to wait. */
  untilMs(pod: QueuedPod): number {
    if (this.#limits.maxMs === 0) return 0;
    const n = pod.errorCount > 0 ? pod.errorCount : pod.unschedulableCount;
    if (n === 0) return 0;
    pod.backoffUntilMs ??= pod.queuedAtMs + backoffMs(this.#limits, n);
    return pod.backoffUntilMs;
  }

  isWaiting(pod: QueuedPod, nowMs: number): boolean {
    return this.untilMs(pod) > nowMs;
  }

  add(pod: QueuedPod): void {
    (pod.failed ? this.#failed : this.#unschedulable).set(pod);
  }

  get(uid: string): QueuedPod | undefined {
    return this.#unschedulable.get(uid) ?? this.#failed.get(uid);
  }

  delete(uid: string): QueuedPod | undefined {
    return this.#unschedulable.delete(uid) ?? this.#failed.delete(uid);
  }

  /** The next pod that may be taken although its wait is not over. */
  popEarly(): QueuedPod | undefined {
    return this.#unschedulable.pop();
  }

  get hasEarly(): boolean {
    return this.#unschedulable.size > 0;
  }

  /** Takes out a pod whose wait is over. */
  popReady(nowMs: number): QueuedPod | undefined {
    for (const heap of [this.#unschedulable, this.#failed]) {
      const first = heap.peek();
      if (first !== undefined && !this.isWaiting(first, nowMs)) return heap.pop();
    }
    return undefined;
  }

  /** When the next wait ends; undefined when nobody waits. */
  nextMs(): number | undefined {
    let next: number | undefined;
    for (const heap of [this.#unschedulable, this.#failed]) {
      const first = heap.peek();
      if (first !== undefined) next = Math.min(next ?? Infinity, this.untilMs(first));
    }
    return next;
  }

  *values(): IterableIterator<QueuedPod> {
    yield* this.#unschedulable.values();
    yield* this.#failed.values();
  }
}
