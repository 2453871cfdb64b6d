/** apps/v1 Deployment. */
import { selectorOf } from '../../../machinery/meta/labels.ts';
import type { Deployment } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, containerColumns } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadataFields } from '../status-metadata.ts';
import {
  rollbackTo,
  validateDeployment,
  validateDeploymentStatus,
  validateDeploymentUpdate,
} from './deployment-validation.ts';
import { podNameWarnings, templateWarnings } from './workload-warnings.ts';

export const deployments = defineResource<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  prepareForCreate: (next) => dropDisabledPodFields(next.spec?.template?.spec, undefined),
  prepareForUpdate: (next, prev) =>
    dropDisabledPodFields(next.spec?.template?.spec, prev.spec?.template?.spec),
  warnings: (next, prev) => [
    ...(prev === undefined ? podNameWarnings(next) : []),
    ...templateWarnings(next, prev, next.spec?.template),
  ],
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  // Annotations count too: they are copied to the ReplicaSets.
  fieldAnnotations: [rollbackTo],
  generationOf: ({ spec, metadata }) => ({
    spec,
    metadata: { annotations: metadata?.annotations },
  }),
  status: {
    validateUpdate: validateDeploymentStatus,
    resetFields: [['spec'], ['metadata', 'labels']],
    prepareForUpdate: (next, prev) => keepMetadataFields(next, prev, ['labels']),
  },
  scale: {
    specReplicasPath: ['spec', 'replicas'],
    statusReplicas: (d) => d.status?.replicas ?? 0,
    selector: (d) => selectorOf(d.spec?.selector).toString(),
  },
  columns: [
    nameColumn(),
    column(
      'Ready',
      'Number of the pod with ready state',
      (d) => `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
    ),
    column(
      'Up-to-date',
      '@apps/v1.DeploymentStatus.updatedReplicas',
      (d) => d.status?.updatedReplicas ?? 0,
    ),
    column(
      'Available',
      '@apps/v1.DeploymentStatus.availableReplicas',
      (d) => d.status?.availableReplicas ?? 0,
    ),
    ageColumn(),
    ...containerColumns<Deployment>((d) => d.spec?.template),
    column('Selector', '@apps/v1.DeploymentSpec.selector', selectorCell, { priority: 1 }),
  ],
});

function selectorCell(d: Deployment): string {
  try {
    return selectorOf(d.spec?.selector).toString();
  } catch {
    return '<invalid>';
  }
}
