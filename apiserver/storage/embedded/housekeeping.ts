/**
 * What the embedded store does on its own: lets leases expire, forgets old history, drops its rows.
 * There is a timer only while something is due: an idle store does nothing.
 */
import { type Clock, systemClock } from '../../../machinery/meta/clock.ts';
import type { StoreEvent } from '../storage.ts';
import type { Engine } from './engine.ts';
import { HistoryClock, type HistoryLimits } from './history.ts';

/** So many rows or pages at a time, so that writes need not wait long. */
const slice = 500;
/** Leases are looked at in whole multiples of this, so that many share a timer. */
const expiryStepMs = 250;
/** The longest time that a timer takes. */
const maxTimerMs = 2 ** 31 - 1;
/** After a failure leases are looked at again so much later. */
const retryMs = 5000;

export interface HousekeepingHost {
  /** Runs writes in a transaction; throws when it failed. */
  transaction(body: () => void): void;
  /** Leases have expired: the deletes are on disk. */
  expired(events: readonly StoreEvent[]): void;
  readonly clock?: Clock;
  /** Runs soon, after what waits already. `setImmediate` unless given. */
  readonly soon?: (callback: () => void) => void;
}

/** The timers of one store. */
export class Housekeeping {
  readonly #engine: Engine;
  readonly #limits: HistoryLimits;
  readonly #host: HousekeepingHost;
  readonly #clock: Clock;
  readonly #history: HistoryClock;
  #expiry: { readonly at: number; readonly cancel: () => void } | undefined;
  #cancelTick: (() => void) | undefined;
  #retryAt = 0;
  #cleaning = false;
  #stopped = false;

  constructor(engine: Engine, limits: HistoryLimits, host: HousekeepingHost) {
    this.#engine = engine;
    this.#limits = limits;
    this.#host = host;
    this.#clock = host.clock ?? systemClock;
    this.#history = new HistoryClock(limits);
  }

  /** To be called after every change: sees to it that a timer stands for what is due. */
  schedule(): void {
    if (this.#stopped) return;
    this.#scheduleExpiry();
    const { revision, compactedRevision, historyBytes } = this.#engine;
    if (revision > compactedRevision) {
      this.#cancelTick ??= this.#clock.after(this.#history.intervalMs, () => this.#tick());
      if (this.#history.exceeds(revision - compactedRevision, historyBytes)) {
        const { maxRevisions, maxBytes } = this.#limits;
        this.#engine.compact(this.#engine.historyCut(maxRevisions, maxBytes));
      }
    }
    if (this.#engine.garbage > 0) this.#clean();
  }

  /** Cancels all timers. */
  stop(): void {
    this.#stopped = true;
    this.#expiry?.cancel();
    this.#cancelTick?.();
  }

  #scheduleExpiry(): void {
    const due = this.#engine.nextExpiry();
    const at =
      due === undefined
        ? undefined
        : Math.max(Math.ceil(due / expiryStepMs) * expiryStepMs, this.#retryAt);
    if (at === this.#expiry?.at) return;
    this.#expiry?.cancel();
    this.#expiry = undefined;
    if (at === undefined) return;
    const wait = Math.min(Math.max(0, at - this.#clock.now()), maxTimerMs);
    const cancel = this.#clock.after(wait, () => {
      this.#expiry = undefined;
      this.#expire();
      this.schedule();
    });
    this.#expiry = { at, cancel };
  }

  #expire(): void {
    let events: StoreEvent[] = [];
    try {
      this.#host.transaction(() => {
        events = this.#engine.expire(this.#clock.now(), slice);
      });
    } catch {
      // The disk is full, or worse: writers hear of it. The keys live a little longer.
      this.#retryAt = this.#clock.now() + retryMs;
      return;
    }
    if (events.length > 0) this.#host.expired(events);
  }

  #tick(): void {
    this.#cancelTick = undefined;
    const cut = this.#history.tick(this.#clock.now(), this.#engine.revision);
    if (cut > 0) this.#engine.compact(cut);
    this.schedule();
  }

  /** Drops rows and gives pages back, a slice at a time. */
  #clean(): void {
    if (this.#cleaning) return;
    this.#cleaning = true;
    const soon = this.#host.soon ?? setImmediate;
    const step = () => {
      if (!this.#stopped && this.#cleanSlice()) soon(step);
      else this.#cleaning = false;
    };
    soon(step);
  }

  /** Whether there may be more to do. */
  #cleanSlice(): boolean {
    try {
      if (this.#engine.garbage === 0) return this.#engine.shrink(slice);
      this.#host.transaction(() => this.#engine.dropGarbage(slice));
      return true;
    } catch {
      // Tried again after the next change; until then the rows only take space.
      return false;
    }
  }
}
