/** Sends events one after the other in the background; never holds up the one who records. */
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason, StatusError } from '../machinery/meta/status-error.ts';
import { sleep } from './abort.ts';
import { errorFields, type Log } from './log.ts';

const queueLimit = 1000;
const maxTries = 12;
const retryMs = 10_000;

type Send = () => Promise<void>;

/** A bounded queue: what does not fit is dropped and counted in the log. */
export class EventQueue {
  private readonly queue: Send[] = [];
  private readonly clock: Clock;
  private readonly log: Log;
  private wake: (() => void) | undefined;
  private dropped = 0;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** Queues a request; false when it was dropped. */
  push(send: Send): boolean {
    if (this.queue.length >= queueLimit) {
      if (this.dropped++ === 0) this.log.warn({}, 'too many queued events, dropping');
      return false;
    }
    this.queue.push(send);
    this.wake?.();
    return true;
  }

  /** Sends until the signal aborts; then tries once what is still queued. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.wake?.();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        const send = this.queue.shift();
        if (send !== undefined) await this.attempt(send, signal);
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
      for (const send of this.queue.splice(0)) {
        if (!(await this.once(send))) break;
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  private async attempt(send: Send, signal: AbortSignal): Promise<void> {
    for (let tries = 1; tries <= maxTries && !signal.aborted; tries++) {
      if (await this.once(send)) return;
      await sleep(this.clock, retryMs, signal);
    }
  }

  /** True when there is nothing to try again: sent, or refused for good. */
  private async once(send: Send): Promise<boolean> {
    try {
      await send();
      return true;
    } catch (e) {
      if (!(e instanceof StatusError)) return false;
      // Normal at the end of a namespace, and when a create was answered but the answer lost.
      const expected = hasReason(e, 'AlreadyExists', 'NotFound') || isTerminating(e);
      if (!expected) this.log.warn(errorFields(e), 'the server refused an event');
      return true;
    }
  }
}

function isTerminating(e: StatusError): boolean {
  return e.details?.causes?.some((c) => c.reason === 'NamespaceTerminating') === true;
}
