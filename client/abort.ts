/** Waiting that an AbortSignal ends, without leaving listeners behind. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../machinery/meta/clock.ts';

/** Resolves after `ms`, or at once when the signal aborts; never throws. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * A child of a long-lived signal: `abort` ends it, `dispose` unlinks it from the parent. Unlike
 * `AbortSignal.any` it holds nothing once disposed.
 */
export function linkedSignal(parent: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  dispose(): void;
} {
  const controller = new AbortController();
  const abort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) abort();
  else parent?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => parent?.removeEventListener('abort', abort),
  };
}

/** Lifts Node's warning of many listeners for a root signal: every loop of a process hangs on it. */
export function allowManyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}
