/** apps/v1 ReplicaSet. */
import { selectorOf } from '../../../machinery/meta/labels.ts';
import type { ReplicaSet } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, containerColumns, labelSelectorText } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateReplicaSet,
  validateReplicaSetStatus,
  validateReplicaSetUpdate,
} from './replica-set-validation.ts';
import { podNameWarnings, templateWarnings } from './workload-warnings.ts';

export const replicaSets = defineResource<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  prepareForCreate: (next) => dropDisabledPodFields(next.spec?.template?.spec, undefined),
  prepareForUpdate: (next, prev) =>
    dropDisabledPodFields(next.spec?.template?.spec, prev.spec?.template?.spec),
  warnings: (next, prev) => [
    ...(prev === undefined ? podNameWarnings(next) : []),
    ...templateWarnings(next, prev, next.spec?.template),
  ],
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  generationOf: (rs) => ({ spec: rs.spec }),
  status: { validateUpdate: validateReplicaSetStatus },
  scale: {
    specReplicasPath: ['spec', 'replicas'],
    statusReplicas: (rs) => rs.status?.replicas ?? 0,
    selector: (rs) => selectorOf(rs.spec?.selector).toString(),
  },
  columns: [
    nameColumn(),
    column('Desired', '@apps/v1.ReplicaSetSpec.replicas', (rs) => rs.spec?.replicas ?? 0, {
      type: 'integer',
    }),
    column('Current', '@apps/v1.ReplicaSetStatus.replicas', (rs) => rs.status?.replicas ?? 0, {
      type: 'integer',
    }),
    column(
      'Ready',
      '@apps/v1.ReplicaSetStatus.readyReplicas',
      (rs) => rs.status?.readyReplicas ?? 0,
      { type: 'integer' },
    ),
    ageColumn(),
    ...containerColumns<ReplicaSet>((rs) => rs.spec?.template),
    column(
      'Selector',
      '@apps/v1.ReplicaSetSpec.selector',
      (rs) => labelSelectorText(rs.spec?.selector),
      { priority: 1 },
    ),
  ],
});
