/** storage.k8s.io/v1 CSIStorageCapacity. */
import type { CSIStorageCapacity } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const csiStorageCapacities = defineResource<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  listKind: 'CSIStorageCapacityList',
  unconditionalUpdate: false,
});
