/**
 * The watches of an etcd store. ONE watch of all keys feeds the hub: every revision has an event,
 * so it is always known how far the stream is, and progress needs no requests of its own. (Progress
 * that etcd reports can overtake events before 3.4.25 and 3.5.8.) A watch that starts in the past,
 * or falls behind, reads history over a stream of its own first.
 */
import { setTimeout as after } from 'node:timers/promises';
import { CompactedError, type StoreEvent, StoreUnavailableError } from '../storage.ts';
import type { WatchHub } from '../watch-hub.ts';
import type { EtcdConnection } from './connection.ts';
import { decodeWatch, type WatchResponse } from './messages.ts';

/** Waiting times before a lost stream is opened again. */
const minBackoffMs = 100;
const maxBackoffMs = 2000;
/** History that is asked for exists: when nothing comes for so long, its last event is gone. */
const replaySilenceMs = 5000;

/** One step of a stream: it is open (at a revision), or events of whole revisions. */
type Step = { readonly opened: number } | { readonly events: readonly StoreEvent[] };

interface Run {
  readonly opened: PromiseWithResolvers<void>;
  readonly stop: AbortController;
}

/** The stream that feeds a hub; it runs while there are watches. */
export class EtcdFeed {
  readonly #connection: EtcdConnection;
  /** Set right after construction: hub and feed need each other. */
  hub: WatchHub | undefined;
  /** Everything up to this revision was published; 0: not known. */
  #position = 0;
  #run: Run | undefined;

  constructor(connection: EtcdConnection) {
    this.#connection = connection;
  }

  /** Resolves when the hub's revision is that of a stream that has been opened, or on abort. */
  async connect(signal: AbortSignal): Promise<void> {
    this.#run ??= this.#start();
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#run.opened.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends the stream; who waits for it to open waits no longer. */
  stop(): void {
    this.#run?.stop.abort();
    this.#run?.opened.resolve();
    this.#run = undefined;
    this.#position = 0;
  }

  /** History for `WatchHubOptions.replay`. */
  async *replay(
    prefix: string,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoreEvent[], void> {
    let next = from;
    let backoffMs = minBackoffMs;
    while (next <= to && !signal.aborted) {
      try {
        for await (const step of this.#steps(next, signal, replaySilenceMs)) {
          backoffMs = minBackoffMs;
          if ('opened' in step) continue;
          next = step.events.at(-1)!.kv.modRevision + 1;
          // What lies beyond is queued by the hub.
          yield step.events.filter(({ kv }) => kv.modRevision <= to && kv.key.startsWith(prefix));
          if (next > to) return;
        }
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || this.#connection.closed) throw error;
        await pause(backoffMs, signal);
        backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
      }
    }
  }

  #start(): Run {
    const run: Run = { opened: Promise.withResolvers<void>(), stop: new AbortController() };
    void this.#follow(run.opened, run.stop.signal);
    return run;
  }

  /** Publishes what comes until it is stopped, over as many streams as it takes. */
  async #follow(opened: PromiseWithResolvers<void>, signal: AbortSignal): Promise<void> {
    const hub = this.hub!;
    let backoffMs = minBackoffMs;
    while (!signal.aborted && !this.#connection.closed) {
      try {
        const from = this.#position === 0 ? 0 : this.#position + 1;
        for await (const step of this.#steps(from, signal)) {
          backoffMs = minBackoffMs;
          if (signal.aborted) return;
          if ('opened' in step) {
            if (this.#position === 0) {
              this.#position = step.opened;
              hub.reset(step.opened);
            }
            opened.resolve();
            continue;
          }
          this.#position = step.events.at(-1)!.kv.modRevision;
          hub.publish(step.events, this.#position);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof CompactedError) {
          // Events between are lost: who watches must list again.
          this.#position = 0;
          this.#run = undefined;
          hub.fail(error);
          return;
        }
      }
      await pause(backoffMs, signal);
      backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
    }
  }

  /** The steps of one stream from a revision (0: from now); ends when it breaks off. */
  async *#steps(
    start: number,
    signal: AbortSignal,
    silenceMs?: number,
  ): AsyncGenerator<Step, void> {
    const stream = this.#connection.watchAll(start);
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    let silent = false;
    const giveUp = () => {
      silent = true;
      stream.cancel();
    };
    const timer = silenceMs === undefined ? undefined : setTimeout(giveUp, silenceMs);
    let events: StoreEvent[] = [];
    try {
      for await (const message of stream) {
        timer?.refresh();
        const response = decodeWatch(message);
        if (response.canceled) throw canceled(response);
        if (response.created) yield { opened: response.revision };
        for (const event of response.events) events.push(event);
        // The events of one revision may come in several messages.
        if (response.fragment || events.length === 0) continue;
        yield { events };
        events = [];
      }
      if (silent) throw new CompactedError(0);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  }
}

function canceled(response: WatchResponse): Error {
  if (response.compactRevision > 0) return new CompactedError(response.compactRevision);
  return new StoreUnavailableError(`etcd: the watch was ended: ${response.cancelReason}`);
}

/** Waits, shorter when `signal` fires. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await after(ms, undefined, { signal }).catch(() => {});
}
