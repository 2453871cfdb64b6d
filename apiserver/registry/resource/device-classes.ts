/** resource.k8s.io/v1 DeviceClass. */
import type { DeviceClass } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { deviceClassName, validateDeviceClass } from './device-class-validation.ts';

export const deviceClasses = defineResource<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  nameRule: deviceClassName,
  deleteReturnsObject: true,
  generationOf: (c) => ({ spec: c.spec }),
  validate: validateDeviceClass,
  validateUpdate: validateDeviceClass,
  columns: [nameColumn(), ageColumn()],
});
