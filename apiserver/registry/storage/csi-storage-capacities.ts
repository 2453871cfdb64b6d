/** storage.k8s.io/v1 CSIStorageCapacity. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { CSIStorageCapacity } from '../../../machinery/schema/wire.ts';
import { nodeSelectorWarnings } from '../node-label-warnings.ts';
import { defineResource } from '../resource.ts';
import { validateCsiStorageCapacity } from './csi-validation.ts';

export const csiStorageCapacities = defineResource<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  metadataChecks: ['whole', 'change'],
  listKind: 'CSIStorageCapacityList',
  unconditionalUpdate: false,
  validate: (next) => validateCsiStorageCapacity(next, undefined),
  validateUpdate: validateCsiStorageCapacity,
  warnings: (next) => nodeSelectorWarnings(next.nodeTopology, FieldPath.of('nodeTopology')),
});
