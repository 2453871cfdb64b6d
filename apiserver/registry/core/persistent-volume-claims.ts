/** v1 PersistentVolumeClaim. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { PersistentVolumeClaim } from '../../../machinery/schema/wire.ts';
import { accessModesText, ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { storageClassAnnotation } from './persistent-volumes.ts';
import { dropClaimFields, matchDataSources } from './volume/claim-data-source.ts';
import { claimOptions, validateClaimSpec } from './volume/claim-spec.ts';
import { validateClaimStatus } from './volume/claim-status.ts';
import { validateClaimChange } from './volume/claim-update.ts';
import { claimSpecWarnings } from './volume/claim-warnings.ts';

const at = FieldPath.of('spec');

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  deleteReturnsObject: true,
  prepareForCreate: (next) => {
    next.status = {};
    dropClaimFields(next.spec, undefined);
    matchDataSources(next.spec);
  },
  prepareForUpdate: (next, prev) => {
    dropClaimFields(next.spec, prev.spec);
    matchDataSources(next.spec);
  },
  defaultOnRead: (claim) => {
    if (claim.status?.phase) return false;
    claim.status = { ...claim.status, phase: 'Pending' };
    return true;
  },
  validate: (next) => validateClaimSpec(next.spec ?? {}, at),
  validateUpdate: (next, prev) => [
    ...validateClaimSpec(next.spec ?? {}, at, claimOptions(prev)),
    ...validateClaimChange(next, prev),
  ],
  warnings: (next) => [
    ...(next.metadata?.annotations?.[storageClassAnnotation] === undefined
      ? []
      : [
          `${FieldPath.of('metadata', 'annotations').key(storageClassAnnotation)}: deprecated ` +
            'since v1.8; use "storageClassName" attribute instead',
        ]),
    ...claimSpecWarnings(next.spec, at),
  ],
  status: {
    validateUpdate: (next) => validateClaimStatus(next),
  },
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
