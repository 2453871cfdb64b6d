/** v1 ReplicationController. */
import type { ReplicationController } from '../../../machinery/schema/wire.ts';
import { ageColumn, containerColumns, labelsText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';

export const replicationControllers = defineResource<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: '/registry/controllers',
  deleteReturnsObject: true,
  defaultPropagation: 'orphan',
  generationOf: (rc) => rc.spec,
  selectableFields: { 'status.replicas': (rc) => String(rc.status?.replicas ?? 0) },
  prepareForCreate: (next) => {
    next.status = { replicas: 0 };
  },
  status: {},
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
