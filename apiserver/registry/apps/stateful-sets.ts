/** apps/v1 StatefulSet. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { selectorOf } from '../../../machinery/meta/labels.ts';
import { nameIsDnsLabel } from '../../../machinery/meta/names.ts';
import type { StatefulSet } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, containerColumns } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { claimSpecWarnings } from '../core/volume/claim-warnings.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from './stateful-set-validation.ts';
import { templateWarnings } from './workload-warnings.ts';

export const statefulSets = defineResource<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  nameRule: nameIsDnsLabel,
  warnings: statefulSetWarnings,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  generationOf: (sts) => ({ spec: sts.spec }),
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

function statefulSetWarnings(next: StatefulSet, prev: StatefulSet | undefined): string[] {
  const warnings = templateWarnings(next, prev, next.spec?.template);
  for (const [i, claim] of (next.spec?.volumeClaimTemplates ?? []).entries()) {
    const at = FieldPath.of('spec', 'volumeClaimTemplates').index(i);
    // The paths differ like this on the real server.
    warnings.push(...claimSpecWarnings(claim.spec, prev === undefined ? at : at.child('Spec')));
  }
  if ((next.spec?.revisionHistoryLimit ?? 0) < 0) {
    warnings.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; ' +
        'a value >= 0 is recommended',
    );
  }
  return warnings;
}

/** Feature MaxUnavailableStatefulSet is off by default: the field is kept only where it was set. */
function prepare(next: StatefulSet, prev: StatefulSet | undefined): void {
  dropDisabledPodFields(next.spec?.template?.spec, prev?.spec?.template?.spec);
  const rolling = next.spec?.updateStrategy?.rollingUpdate;
  if (prev?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
    delete rolling?.maxUnavailable;
  }
}
