/**
 * Recorders of events: core/v1 (controllers, kubelet) with client-go's correlation, and
 * events.k8s.io/v1 (scheduler) with series. Recording returns at once; sending is background work.
 */
import { hostname } from 'node:os';
import { type Clock, systemClock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import { formatMicroTime, formatTime } from '../machinery/meta/times.ts';
import type {
  CoreEvent,
  EventsEvent,
  KubeObject,
  ObjectReference,
} from '../machinery/schema/wire.ts';
import type { Client, ObjectKey } from './client.ts';
import { type Correlated, EventCorrelator } from './event-correlator.ts';
import { EventQueue } from './event-queue.ts';
import { type Log, silentLog } from './log.ts';
import { Lru } from './lru.ts';
import { coreEvents, events } from './resources.ts';

export type EventType = 'Normal' | 'Warning';

/** Records that something happened to an object. Never throws, never waits. */
export interface EventRecorder {
  event(
    about: KubeObject | ObjectReference,
    type: EventType,
    reason: string,
    message: string,
    annotations?: Record<string, string>,
  ): void;
}

/** The scheduler's kind of event: with an action and a second object. */
export interface ActionRecorder {
  event(
    regarding: KubeObject | ObjectReference,
    related: KubeObject | ObjectReference | undefined,
    type: EventType,
    reason: string,
    action: string,
    note: string,
  ): void;
}

export interface RecorderOptions {
  readonly component: string;
  /** The node, for components of a node. */
  readonly host?: string;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Sends what was recorded until the signal aborts. */
export interface Background {
  run(signal: AbortSignal): Promise<void>;
}

/** A core/v1 recorder; start its `run` in a task group. */
export function createEventRecorder(
  client: Client,
  options: RecorderOptions,
): EventRecorder & Background {
  const { component, host, clock = systemClock, log = silentLog } = options;
  const queue = new EventQueue(clock, log);
  const correlator = new EventCorrelator(clock);
  const names = nameSource(clock);
  return {
    event(about, type, reason, message, annotations) {
      const involvedObject = referenceTo(about);
      const now = formatTime(clock.now());
      const event: CoreEvent = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          name: names(involvedObject),
          namespace: involvedObject.namespace ?? 'default',
          ...(annotations === undefined ? {} : { annotations }),
        },
        involvedObject,
        reason,
        message,
        source: { component, ...(host === undefined ? {} : { host }) },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
        type,
        reportingComponent: component,
        reportingInstance: host ?? '',
      };
      const correlated = correlator.correlate(event);
      if (correlated !== undefined) queue.push(() => writeCore(client, correlated));
    },
    run: (signal) => queue.run(signal),
  };
}

async function writeCore(client: Client, { event, exists }: Correlated): Promise<void> {
  if (exists) {
    const { count, lastTimestamp, message } = event;
    const patch = { count, lastTimestamp, message };
    try {
      await client.patch(coreEvents, keyOf(event), patch, { type: 'strategic' });
      return;
    } catch (e) {
      // Events live an hour: the one to count up may be gone.
      if (!hasReason(e, 'NotFound')) throw e;
    }
  }
  await client.create(coreEvents, event);
}

const seriesEndMs = 6 * 60_000;
const seriesRefreshMs = 30 * 60_000;
const seriesCacheSize = 4096;

/** An events.k8s.io/v1 recorder; start its `run` in a task group. */
export function createActionRecorder(
  client: Client,
  options: RecorderOptions,
): ActionRecorder & Background {
  const { component, clock = systemClock, log = silentLog } = options;
  const instance = `${component}-${options.host ?? hostname()}`;
  const queue = new EventQueue(clock, log);
  const names = nameSource(clock);
  const series = new Lru<EventsEvent & { sentAt: number }>(seriesCacheSize);
  return {
    event(about, other, type, reason, action, note) {
      const regarding = referenceTo(about);
      const related = other === undefined ? undefined : referenceTo(other);
      const key = JSON.stringify([type, action, reason, regarding, related]);
      const nowMs = clock.now();
      const now = formatMicroTime(nowMs);
      const known = series.get(key);
      const lastMs = known && Date.parse(known.series?.lastObservedTime ?? known.eventTime ?? '');
      if (known !== undefined && lastMs !== undefined && nowMs - lastMs < seriesEndMs) {
        const first = known.series === undefined;
        known.series = { count: (known.series?.count ?? 1) + 1, lastObservedTime: now };
        // The first repetition is written; later ones only now and then.
        if (!first && nowMs - known.sentAt < seriesRefreshMs) return;
        known.sentAt = nowMs;
        const { sentAt: _, ...event } = known;
        queue.push(() => writeSeries(client, event));
        return;
      }
      const event: EventsEvent = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: names(regarding), namespace: regarding.namespace ?? 'default' },
        eventTime: now,
        reportingController: component,
        reportingInstance: instance,
        action,
        reason,
        regarding,
        ...(related === undefined ? {} : { related }),
        note,
        type,
      };
      series.set(key, { ...event, sentAt: nowMs });
      queue.push(() => client.create(events, event).then(() => {}));
    },
    run: (signal) => queue.run(signal),
  };
}

async function writeSeries(client: Client, event: EventsEvent): Promise<void> {
  try {
    await client.patch(events, keyOf(event), { series: event.series }, { type: 'strategic' });
  } catch (e) {
    if (!hasReason(e, 'NotFound')) throw e;
    await client.create(events, event);
  }
}

/** A reference to an object as events carry it; a reference stays as it is. */
export function referenceTo(about: KubeObject | ObjectReference): ObjectReference {
  if (!('metadata' in about)) return about as ObjectReference;
  const { namespace, name, uid, resourceVersion } = about.metadata ?? {};
  return {
    ...(about.kind === undefined ? {} : { kind: about.kind }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(about.apiVersion === undefined ? {} : { apiVersion: about.apiVersion }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function keyOf(event: KubeObject): ObjectKey {
  return { namespace: event.metadata?.namespace, name: event.metadata?.name ?? '' };
}

/** Names as client-go makes them, `name.<nanoseconds in hex>`, unique within the process. */
function nameSource(clock: Clock): (about: ObjectReference) => string {
  let last = 0n;
  return (about) => {
    const now = BigInt(Math.floor(clock.now())) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return `${(about.name ?? '').slice(0, 236)}.${last.toString(16)}`;
  };
}
