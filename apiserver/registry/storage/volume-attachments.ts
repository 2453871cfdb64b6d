/** storage.k8s.io/v1 VolumeAttachment. */
import type { VolumeAttachment } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadata, specAndMetadata } from '../status-metadata.ts';
import {
  validateVolumeAttachment,
  validateVolumeAttachmentUpdate,
} from './volume-attachment-validation.ts';

export const volumeAttachments = defineResource<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  metadataChecks: ['whole'],
  namespaced: false,
  unconditionalUpdate: false,
  deleteReturnsObject: true,
  validate: validateVolumeAttachment,
  validateUpdate: validateVolumeAttachmentUpdate,
  status: {
    metadataChecks: ['whole'],
    resetFields: specAndMetadata,
    prepareForUpdate: keepMetadata,
    validateUpdate: validateVolumeAttachmentUpdate,
  },
  columns: [
    nameColumn(),
    column('Attacher', '@storage/v1.VolumeAttachmentSpec.attacher', (v) => v.spec.attacher, {
      format: 'name',
    }),
    column(
      'PV',
      '@storage/v1.VolumeAttachmentSource.persistentVolumeName',
      (v) => v.spec.source.persistentVolumeName ?? '',
    ),
    column('Node', '@storage/v1.VolumeAttachmentSpec.nodeName', (v) => v.spec.nodeName),
    column(
      'Attached',
      '@storage/v1.VolumeAttachmentStatus.attached',
      (v) => v.status?.attached ?? false,
      { type: 'boolean' },
    ),
    ageColumn(),
  ],
});
