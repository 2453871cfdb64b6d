/** apps/v1 StatefulSet. */
import { selectorOf } from '../../../machinery/meta/labels.ts';
import type { StatefulSet } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, containerColumns } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from './stateful-set-validation.ts';

export const statefulSets = defineResource<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  generationOf: (sts) => sts.spec,
  prepareForCreate: (next) => prepare(next, undefined),
  prepareForUpdate: (next, prev) => prepare(next, prev),
  status: { validateUpdate: validateStatefulSetStatus },
  scale: {
    specReplicasPath: ['spec', 'replicas'],
    statusReplicas: (sts) => sts.status?.replicas ?? 0,
    selector: (sts) => selectorOf(sts.spec?.selector).toString(),
  },
  columns: [
    nameColumn(),
    column(
      'Ready',
      'Number of the pod with ready state',
      (sts) => `${sts.status?.readyReplicas ?? 0}/${sts.spec?.replicas ?? 0}`,
    ),
    ageColumn(),
    ...containerColumns<StatefulSet>((sts) => sts.spec?.template),
  ],
});

/** Feature MaxUnavailableStatefulSet is off by default: the field is kept only where it was set. */
function prepare(next: StatefulSet, prev: StatefulSet | undefined): void {
  const rolling = next.spec?.updateStrategy?.rollingUpdate;
  if (prev?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
    delete rolling?.maxUnavailable;
  }
  const claims = next.spec?.volumeClaimTemplates;
  if (claims === undefined) return;
  next.spec!.volumeClaimTemplates = claims.map((claim) => ({
    ...claim,
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
  }));
}
