/**
 * Keeps a noisy component from flooding the API with events, by the rules of client-go's event
 * correlator: equal events become one with a count, ten similar ones within ten minutes become
 * one that says so, and a source has 25 events about an object, then one in five minutes.
 */
import type { Clock } from '../machinery/meta/clock.ts';
import { formatTime } from '../machinery/meta/times.ts';
import type { CoreEvent } from '../machinery/schema/wire.ts';
import { Lru } from './lru.ts';

const cacheSize = 4096;
const similarLimit = 10;
const similarWindowMs = 600_000;
const spamBurst = 25;
const spamRefillMs = 300_000;

/** What to write: a new event, or a raise of the count of one that exists. */
export interface Correlated {
  readonly event: CoreEvent;
  readonly exists: boolean;
  /** Pass to `recorded` with the server's answer. */
  readonly key: string;
}

interface Observation {
  readonly name: string;
  readonly firstTimestamp: string | undefined;
  count: number;
}

export class EventCorrelator {
  private readonly clock: Clock;
  private readonly seen = new Lru<Observation>(cacheSize);
  private readonly similar = new Lru<{ messages: Set<string>; at: number }>(cacheSize);
  private readonly budgets = new Lru<{ tokens: number; at: number }>(cacheSize);

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** What to send for an event; undefined when its source has said too much. */
  correlate(event: CoreEvent): Correlated | undefined {
    const [kept, key] = this.aggregate(event);
    const known = this.seen.get(key);
    let result: Correlated;
    if (known === undefined) {
      this.seen.set(key, {
        name: kept.metadata.name ?? '',
        firstTimestamp: kept.firstTimestamp,
        count: 1,
      });
      result = { event: kept, exists: false, key };
    } else {
      known.count++;
      const metadata = { ...kept.metadata, name: known.name };
      const repeated = { ...kept, metadata, count: known.count };
      if (known.firstTimestamp !== undefined) repeated.firstTimestamp = known.firstTimestamp;
      result = { event: repeated, exists: true, key };
    }
    return this.spends(event) ? result : undefined;
  }

  private aggregate(event: CoreEvent): [CoreEvent, string] {
    const group = [sourceKey(event), event.reason].join('|');
    const key = [group, event.message, event.involvedObject.fieldPath].join('|');
    const now = this.clock.now();
    let entry = this.similar.get(group);
    if (entry === undefined || now - entry.at > similarWindowMs) {
      entry = { messages: new Set(), at: now };
    }
    entry.messages.add(event.message ?? '');
    entry.at = now;
    this.similar.set(group, entry);
    if (entry.messages.size < similarLimit) return [event, key];
    for (const message of entry.messages) {
      entry.messages.delete(message);
      break;
    }
    const message = `(combined from similar events): ${event.message ?? ''}`;
    return [{ ...event, message, firstTimestamp: formatTime(now) }, group];
  }

  private spends(event: CoreEvent): boolean {
    const key = sourceKey(event);
    const now = this.clock.now();
    const budget = this.budgets.get(key) ?? { tokens: spamBurst, at: now };
    const gained = (now - budget.at) / spamRefillMs;
    const tokens = Math.min(spamBurst, budget.tokens + gained);
    const allowed = tokens >= 1;
    this.budgets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed;
  }
}

function sourceKey(event: CoreEvent): string {
  const o = event.involvedObject;
  const source = [event.source?.component, event.source?.host];
  return [...source, o.kind, o.namespace, o.name, o.uid, o.apiVersion, event.type].join('|');
}
