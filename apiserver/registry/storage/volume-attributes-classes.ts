/** storage.k8s.io/v1 VolumeAttributesClass. */
import type { VolumeAttributesClass } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateVolumeAttributesClass,
  validateVolumeAttributesClassUpdate,
} from './class-validation.ts';

export const volumeAttributesClasses = defineResource<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  metadataChecks: ['change', 'whole'],
  deleteReturnsObject: true,
  validate: validateVolumeAttributesClass,
  validateUpdate: validateVolumeAttributesClassUpdate,
  columns: [
    nameColumn(),
    column('DriverName', '@storage/v1.VolumeAttributesClass.driverName', (c) => c.driverName),
    ageColumn(),
  ],
});
