/** v1 PersistentVolume. */
import type { FieldError } from '../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain } from '../../../machinery/meta/names.ts';
import type { PersistentVolume } from '../../../machinery/schema/wire.ts';
import { accessModesText, ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateMetaAgain } from './field-checks.ts';
import {
  validateMountOptions,
  validatePersistentVolumeSpec,
  volumeOptions,
} from './volume/persistent-volume-spec.ts';
import { validateVolumeChange } from './volume/persistent-volume-update.ts';
import { volumeWarnings } from './volume/persistent-volume-warnings.ts';

/** The annotation that named the class before the field did; still read first. */
export const storageClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

export const persistentVolumes = defineResource<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  metadataChecks: [],
  // Checked here: an update says it as often as the real server does.
  shortNames: ['pv'],
  namespaced: false,
  deleteReturnsObject: true,
  prepareForCreate: (next, ctx) => {
    next.status = { phase: 'Pending', lastPhaseTransitionTime: ctx.now };
  },
  validate: (next) => [
    ...validatePersistentVolumeSpec(next, volumeOptions(undefined)),
    ...validateMountOptions(next),
  ],
  validateUpdate: (next, prev) => {
    const whole = (): FieldError[] => [
      ...validateMetaAgain(next, nameIsDnsSubdomain, false),
      ...validatePersistentVolumeSpec(next, volumeOptions(prev)),
    ];
    // Twice, as the real server does.
    return [
      ...whole(),
      ...validateMountOptions(next),
      ...whole(),
      ...validateVolumeChange(next, prev),
    ];
  },
  warnings: volumeWarnings,
  status: {
    prepareForUpdate: (next, prev, ctx) => {
      next.status ??= {};
      const time = next.status.lastPhaseTransitionTime;
      const before = prev.status?.lastPhaseTransitionTime;
      if (prev.status?.phase === next.status.phase) {
        if (time === undefined && before !== undefined) {
          next.status.lastPhaseTransitionTime = before;
        }
      } else if (time === undefined || time === before) {
        next.status.lastPhaseTransitionTime = ctx.now;
      }
    },
  },
  columns: [
    nameColumn(),
    {
      name: 'Capacity',
      description: '@core/v1.PersistentVolumeSpec.capacity',
      cell: (pv) => pv.spec?.capacity?.['storage'] ?? '0',
    },
    {
      name: 'Access Modes',
      description: '@core/v1.PersistentVolumeSpec.accessModes',
      cell: (pv) => accessModesText(pv.spec?.accessModes),
    },
    {
      name: 'Reclaim Policy',
      description: '@core/v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy',
      cell: (pv) => pv.spec?.persistentVolumeReclaimPolicy ?? '',
    },
    {
      name: 'Status',
      description: '@core/v1.PersistentVolumeStatus.phase',
      cell: (pv) => (pv.metadata?.deletionTimestamp ? 'Terminating' : (pv.status?.phase ?? '')),
    },
    {
      name: 'Claim',
      description:
        'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
      cell: (pv) => {
        const claim = pv.spec?.claimRef;
        return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`;
      },
    },
    {
      name: 'StorageClass',
      description: 'StorageClass of the pv',
      cell: (pv) =>
        pv.metadata?.annotations?.[storageClassAnnotation] ?? pv.spec?.storageClassName ?? '',
    },
    {
      name: 'VolumeAttributesClass',
      description: 'VolumeAttributesClass of the pv',
      cell: (pv) => pv.spec?.volumeAttributesClassName ?? '<unset>',
    },
    {
      name: 'Reason',
      description: '@core/v1.PersistentVolumeStatus.reason',
      cell: (pv) => pv.status?.reason ?? '',
    },
    ageColumn(),
    {
      name: 'VolumeMode',
      priority: 1,
      description: '@core/v1.PersistentVolumeSpec.volumeMode',
      cell: (pv) => pv.spec?.volumeMode ?? '<unset>',
    },
  ],
});
