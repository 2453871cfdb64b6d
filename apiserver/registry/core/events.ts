/**
 * v1 Event, served as events.k8s.io/v1 Event too. Stored in the core form under one prefix; events
 * go away after an hour.
 */
import { nameIsPathSegment } from '../../../machinery/meta/names.ts';
import type { CoreEvent } from '../../../machinery/schema/wire.ts';
import { age } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { eventFromStored, eventToStored } from './event-conversion.ts';
import { validateEvent, validateEventChange } from './event-validation.ts';

const objectFields = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
];

export const events = defineResource<CoreEvent>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  metadataChecks: [],
  metadataLast: true,
  // Only events.k8s.io/v1 minds, and its validation says so.
  anyFinalizer: true,
  shortNames: ['ev'],
  namespaced: true,
  storageVersion: '/v1/Event',
  versions: [
    {
      group: 'events.k8s.io',
      version: 'v1',
      toStored: eventToStored,
      fromStored: eventFromStored,
      fieldNames: {
        reason: 'reason',
        type: 'type',
        reportingController: 'reportingComponent',
        ...Object.fromEntries(objectFields.map((f) => [`regarding.${f}`, `involvedObject.${f}`])),
      },
    },
  ],
  createOnUpdate: true,
  nameRule: nameIsPathSegment,
  validate: validateEvent,
  validateUpdate: validateEventChange,
  defaultPropagation: 'unsupported',
  ttlSeconds: 3600,
  selectableFields: {
    'involvedObject.kind': (e) => e.involvedObject?.kind ?? '',
    'involvedObject.namespace': (e) => e.involvedObject?.namespace ?? '',
    'involvedObject.name': (e) => e.involvedObject?.name ?? '',
    'involvedObject.uid': (e) => e.involvedObject?.uid ?? '',
    'involvedObject.apiVersion': (e) => e.involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': (e) => e.involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': (e) => e.involvedObject?.fieldPath ?? '',
    reason: (e) => e.reason ?? '',
    reportingComponent: (e) => e.reportingComponent ?? '',
    source: (e) => e.source?.component || (e.reportingComponent ?? ''),
    type: (e) => e.type ?? '',
  },
  columns: [
    {
      name: 'Last Seen',
      description: '@core/v1.Event.lastTimestamp',
      cell: (e) =>
        e.series === undefined
          ? age(given(e.lastTimestamp) ?? firstSeen(e))
          : age(given(e.series.lastObservedTime)),
    },
    { name: 'Type', description: '@core/v1.Event.type', cell: (e) => e.type ?? '' },
    { name: 'Reason', description: '@core/v1.Event.reason', cell: (e) => e.reason ?? '' },
    {
      name: 'Object',
      description: 'The object that this event is about.',
      cell: (e) => {
        const kind = (e.involvedObject?.kind ?? '').toLowerCase();
        return e.involvedObject?.name ? `${kind}/${e.involvedObject.name}` : kind;
      },
    },
    {
      name: 'Subobject',
      priority: 1,
      description: '@core/v1.ObjectReference.fieldPath',
      cell: (e) => e.involvedObject?.fieldPath ?? '',
    },
    {
      name: 'Source',
      priority: 1,
      description:
        'The component reporting this event. Should be a short machine understandable string.',
      cell: (e) => {
        const component = e.source?.component || (e.reportingComponent ?? '');
        const instance = e.source?.host || (e.reportingInstance ?? '');
        return instance === '' ? component : `${component}, ${instance}`;
      },
    },
    {
      name: 'Message',
      description: '@core/v1.Event.message',
      cell: (e) => (e.message ?? '').trim(),
    },
    {
      name: 'First Seen',
      priority: 1,
      description: '@core/v1.Event.firstTimestamp',
      cell: (e) => age(firstSeen(e)),
    },
    {
      name: 'Count',
      priority: 1,
      description: '@core/v1.Event.count',
      cell: (e) => (e.series === undefined ? e.count || 1 : (e.series.count ?? 0)),
    },
    { ...nameColumn<CoreEvent>(), priority: 1 },
  ],
});

function firstSeen(e: CoreEvent): string | undefined {
  return given(e.firstTimestamp) ?? given(e.eventTime);
}

/** Unset times stand as null in the normal form. */
function given(time: string | null | undefined): string | undefined {
  return time ?? undefined;
}
