/** storage.k8s.io/v1 StorageClass. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { StorageClass } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { deprecatedNodeLabel } from '../core/node/deprecated-labels.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateStorageClass, validateStorageClassUpdate } from './class-validation.ts';

const isDefaultClass = 'storageclass.kubernetes.io/is-default-class';
const betaIsDefaultClass = 'storageclass.beta.kubernetes.io/is-default-class';

export const storageClasses = defineResource<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  deleteReturnsObject: true,
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
  warnings: topologyWarnings,
  columns: [
    {
      ...nameColumn<StorageClass>(),
      cell: (c) => {
        const { name = '', annotations = {} } = c.metadata ?? {};
        const isDefault =
          annotations[isDefaultClass] === 'true' || annotations[betaIsDefaultClass] === 'true';
        return isDefault ? `${name} (default)` : name;
      },
    },
    column('Provisioner', '@storage/v1.StorageClass.provisioner', (c) => c.provisioner),
    column(
      'ReclaimPolicy',
      '@storage/v1.StorageClass.reclaimPolicy',
      (c) => c.reclaimPolicy ?? 'Delete',
    ),
    column(
      'VolumeBindingMode',
      '@storage/v1.StorageClass.volumeBindingMode',
      (c) => c.volumeBindingMode ?? 'Immediate',
    ),
    column(
      'AllowVolumeExpansion',
      '@storage/v1.StorageClass.allowVolumeExpansion',
      (c) => c.allowVolumeExpansion ?? false,
    ),
    ageColumn(),
  ],
});

function topologyWarnings(storageClass: StorageClass): string[] {
  return (storageClass.allowedTopologies ?? []).flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key }, j) => {
      const text = deprecatedNodeLabel(key);
      if (text === undefined) return [];
      const at = FieldPath.of('allowedTopologies').index(i).child('matchLabelExpressions').index(j);
      return [`${at.child('key')}: ${text}`];
    }),
  );
}
