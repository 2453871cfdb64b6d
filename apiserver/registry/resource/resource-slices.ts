/** resource.k8s.io/v1 ResourceSlice. */
import type { ResourceSlice } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateSlice, validateSliceUpdate } from './slice-validation.ts';

export const resourceSlices = defineResource<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  deleteReturnsObject: true,
  generationOf: (s) => ({ spec: s.spec }),
  countsDroppedFields: true,
  prepareForCreate: (next) => dropDisabledFields(next, undefined),
  prepareForUpdate: dropDisabledFields,
  validate: validateSlice,
  validateUpdate: validateSliceUpdate,
  warnings: driverWarnings,
  unknownFieldText: (field) =>
    `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  selectableFields: {
    'spec.nodeName': (s) => s.spec?.nodeName ?? '',
    'spec.driver': (s) => s.spec?.driver ?? '',
  },
  columns: [
    nameColumn(),
    column('Node', '@resource/v1.ResourceSliceSpec.nodeName', (s) => s.spec?.nodeName ?? ''),
    column('Driver', '@resource/v1.ResourceSliceSpec.driver', (s) => s.spec?.driver ?? ''),
    column('Pool', '@resource/v1.ResourcePool.name', (s) => s.spec?.pool.name ?? ''),
    ageColumn(),
  ],
});

function driverWarnings(slice: ResourceSlice): string[] {
  const driver = slice.spec?.driver ?? '';
  if (driver === driver.toLowerCase()) return [];
  return [
    `spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains ` +
      'uppercase characters',
  ];
}

const listValues = ['bools', 'ints', 'strings', 'versions'] as const;

/**
 * Features DRANodeAllocatableResources and DRAListTypeAttributes are off by default: their fields
 * are kept only where the stored object uses them.
 */
function dropDisabledFields(next: ResourceSlice, prev: ResourceSlice | undefined): void {
  const before = devicesOf(prev);
  const mappingsUsed = before.some((d) => (d['nodeAllocatableResourceMappings'] ?? null) !== null);
  const listsUsed = before.some((d) =>
    attributesOf(d).some((a) => listValues.some((v) => a[v] !== undefined)),
  );
  for (const device of devicesOf(next)) {
    if (!mappingsUsed) delete device['nodeAllocatableResourceMappings'];
    if (listsUsed) continue;
    for (const attribute of attributesOf(device)) {
      for (const v of listValues) delete attribute[v];
    }
  }
}

type Fields = Record<string, unknown>;

function devicesOf(slice: ResourceSlice | undefined): Fields[] {
  return (slice?.spec?.devices ?? []) as unknown as Fields[];
}

function attributesOf(device: Fields): Fields[] {
  return Object.values((device['attributes'] ?? {}) as Record<string, Fields>);
}
