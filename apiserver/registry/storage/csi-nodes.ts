/** storage.k8s.io/v1 CSINode. */
import type { CSINode } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateCsiNode, validateCsiNodeUpdate } from './csi-validation.ts';

export const csiNodes = defineResource<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  metadataChecks: ['whole'],
  unconditionalUpdate: false,
  deleteReturnsObject: true,
  validate: validateCsiNode,
  validateUpdate: validateCsiNodeUpdate,
  columns: [
    nameColumn(),
    column(
      'Drivers',
      'Drivers indicates the number of CSI drivers registered on the node',
      (n) => n.spec.drivers?.length ?? 0,
      { type: 'integer' },
    ),
    ageColumn(),
  ],
});
