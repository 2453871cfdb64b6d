/** v1 PersistentVolumeClaim. */
import type { PersistentVolumeClaim } from '../../../machinery/schema/wire.ts';
import { accessModesText, ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { storageClassAnnotation } from './persistent-volumes.ts';

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  deleteReturnsObject: true,
  prepareForCreate: (next) => {
    next.status = { phase: 'Pending' };
  },
  status: {},
  columns: [
    nameColumn(),
    {
      name: 'Status',
      description: '@core/v1.PersistentVolumeClaimStatus.phase',
      cell: (pvc) => (pvc.metadata?.deletionTimestamp ? 'Terminating' : (pvc.status?.phase ?? '')),
    },
    {
      name: 'Volume',
      description: '@core/v1.PersistentVolumeClaimSpec.volumeName',
      cell: (pvc) => pvc.spec?.volumeName ?? '',
    },
    {
      name: 'Capacity',
      description: '@core/v1.PersistentVolumeClaimStatus.capacity',
      cell: (pvc) => (pvc.spec?.volumeName ? (pvc.status?.capacity?.['storage'] ?? '0') : ''),
    },
    {
      name: 'Access Modes',
      description: '@core/v1.PersistentVolumeClaimStatus.accessModes',
      cell: (pvc) => (pvc.spec?.volumeName ? accessModesText(pvc.status?.accessModes) : ''),
    },
    {
      name: 'StorageClass',
      description: 'StorageClass of the pvc',
      cell: (pvc) =>
        pvc.metadata?.annotations?.[storageClassAnnotation] ?? pvc.spec?.storageClassName ?? '',
    },
    {
      name: 'VolumeAttributesClass',
      description: 'VolumeAttributesClass of the pvc',
      cell: (pvc) => pvc.spec?.volumeAttributesClassName ?? '<unset>',
    },
    ageColumn(),
    {
      name: 'VolumeMode',
      priority: 1,
      description: '@core/v1.PersistentVolumeClaimSpec.volumeMode',
      cell: (pvc) => pvc.spec?.volumeMode ?? '<unset>',
    },
  ],
});
