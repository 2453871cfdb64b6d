/** Between the core form of an Event, which is stored, and that of events.k8s.io/v1. */
import type { CoreEvent, EventsEvent, KubeObject } from '../../../machinery/schema/wire.ts';

/** Core name of a field -> its name in events.k8s.io/v1, where they differ. */
const renamed = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
} as const satisfies Partial<Record<keyof CoreEvent, keyof EventsEvent>>;

const toStoredNames = new Map<string, string>(
  Object.entries(renamed).map(([core, events]) => [events, core]),
);
const fromStoredNames = new Map<string, string>(Object.entries(renamed));

/** The core form. */
export function eventToStored(event: KubeObject): CoreEvent {
  return { ...rename(event, toStoredNames), apiVersion: 'v1' } as unknown as CoreEvent;
}

/** The events.k8s.io/v1 form. */
export function eventFromStored(event: KubeObject): EventsEvent {
  const renamedFields = rename(event, fromStoredNames);
  // Always there in the core form, and left out here when they are empty.
  for (const name of ['reportingController', 'reportingInstance']) {
    if (renamedFields[name] === '') delete renamedFields[name];
  }
  return { ...renamedFields, apiVersion: 'events.k8s.io/v1' } as unknown as EventsEvent;
}

function rename(object: object, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([k, v]) => [names.get(k) ?? k, v]));
}
