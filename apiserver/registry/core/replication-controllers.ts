/** v1 ReplicationController. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { isDns1123Label, isLongName } from '../../../machinery/meta/names.ts';
import type { ReplicationController } from '../../../machinery/schema/wire.ts';
import { ageColumn, containerColumns, labelsText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { dropDisabledPodFields } from './pod/drop-disabled.ts';
import { podTemplateWarnings } from './pod/pod-warnings.ts';
import {
  validateController,
  validateControllerStatusUpdate,
  validateControllerUpdate,
} from './replication-controller-validation.ts';

const templateAt = FieldPath.of('spec', 'template');

export const replicationControllers = defineResource<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: '/registry/controllers',
  defaultPropagation: 'orphan',
  generationOf: (rc) => ({ spec: rc.spec }),
  selectableFields: { 'status.replicas': (rc) => String(rc.status?.replicas ?? 0) },
  nameRule: (name, prefix) => (prefix ? [] : isLongName(name)),
  prepareForCreate: (next) => {
    next.status = { replicas: 0 };
    dropDisabledPodFields(next.spec?.template?.spec, undefined);
  },
  prepareForUpdate: (next, prev) =>
    dropDisabledPodFields(next.spec?.template?.spec, prev.spec?.template?.spec),
  validate: validateController,
  validateUpdate: validateControllerUpdate,
  warnings: (next, prev) => {
    if (prev === undefined) {
      return [...nameWarnings(next), ...podTemplateWarnings(next.spec?.template, templateAt)];
    }
    // Of the old template: a slip of the real server that clients see.
    const same = prev.metadata?.generation === next.metadata?.generation;
    return same ? [] : podTemplateWarnings(prev.spec?.template, templateAt);
  },
  status: { validateUpdate: validateControllerStatusUpdate },
  scale: {
    specReplicasPath: ['spec', 'replicas'],
    statusReplicas: (rc) => rc.status?.replicas ?? 0,
    selector: (rc) =>
      Object.entries(rc.spec?.selector ?? {})
        .map(([k, v]) => `${k}=${v}`)
        .sort()
        .join(','),
  },
  columns: [
    nameColumn(),
    {
      name: 'Desired',
      type: 'integer',
      description: '@core/v1.ReplicationControllerSpec.replicas',
      cell: (rc) => rc.spec?.replicas ?? 0,
    },
    {
      name: 'Current',
      type: 'integer',
      description: '@core/v1.ReplicationControllerStatus.replicas',
      cell: (rc) => rc.status?.replicas ?? 0,
    },
    {
      name: 'Ready',
      type: 'integer',
      description: '@core/v1.ReplicationControllerStatus.readyReplicas',
      cell: (rc) => rc.status?.readyReplicas ?? 0,
    },
    ageColumn(),
    ...containerColumns<ReplicationController>((rc) => rc.spec?.template),
    {
      name: 'Selector',
      priority: 1,
      description: '@core/v1.ReplicationControllerSpec.selector',
      cell: (rc) => labelsText(rc.spec?.selector),
    },
  ],
});

function nameWarnings(rc: ReplicationController): string[] {
  const problems = isDns1123Label(rc.metadata?.name ?? '');
  if (problems.length === 0) return [];
  return [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising ' +
      `behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}
