/** How long a call of a webhook may take: its own time, that of the request, and its client's. */
import type { AdmissionAttributes } from '../admission.ts';
import { Canceled, DeadlineExceeded, requestTimedOut } from './failures.ts';

/** Who watches over the time of requests answers first when that is over. */
const graceMs = 100;

export class CallLimit implements Disposable {
  /** Aborts when the time is over (DeadlineExceeded), or the request's client is gone (Canceled). */
  readonly signal: AbortSignal;
  /** As the webhook is told. */
  readonly seconds: number;
  readonly #byRequest: boolean;
  readonly #release: () => void;

  /** Throws StatusError 504 when the request has no time left. */
  constructor(a: Pick<AdmissionAttributes, 'deadlineMs' | 'onGone'>, allowedMs: number) {
    const leftMs = a.deadlineMs === undefined ? Infinity : a.deadlineMs - performance.now();
    if (leftMs <= 0) throw requestTimedOut();
    this.#byRequest = leftMs < allowedMs;
    this.seconds = Math.ceil(Math.min(allowedMs, leftMs) / 1000);
    const abort = new AbortController();
    this.signal = abort.signal;
    const afterMs = this.#byRequest ? leftMs + graceMs : allowedMs;
    const timer = setTimeout(() => abort.abort(new DeadlineExceeded()), afterMs);
    const forget = a.onGone?.(() => abort.abort(new Canceled()));
    this.#release = () => {
      clearTimeout(timer);
      forget?.();
    };
  }

  /** Whether the request's own time is over: nobody's failure policy has a say in that. */
  get requestIsOver(): boolean {
    return this.#byRequest && this.signal.reason instanceof DeadlineExceeded;
  }

  /** Whether the request's client is gone. */
  get canceled(): boolean {
    return this.signal.reason instanceof Canceled;
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
