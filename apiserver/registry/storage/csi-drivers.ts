/** storage.k8s.io/v1 CSIDriver. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import type { CSIDriver } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { csiDriverWarnings, validateCsiDriver, validateCsiDriverUpdate } from './csi-validation.ts';

const spec = '@storage/v1.CSIDriverSpec';
const yesNo = { type: 'boolean' } as const;

export const csiDrivers = defineResource<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  unconditionalUpdate: false,
  deleteReturnsObject: true,
  prepareForCreate: (next) => dropDisabledFields(next, undefined),
  prepareForUpdate: (next, prev) => {
    dropDisabledFields(next, prev);
    // A new driver has no generation: the real server sets it from the first change on.
    if (!deepEqual(next.spec, prev.spec)) {
      next.metadata ??= {};
      next.metadata.generation = (prev.metadata?.generation ?? 0) + 1;
    }
  },
  validate: validateCsiDriver,
  validateUpdate: validateCsiDriverUpdate,
  warnings: csiDriverWarnings,
  columns: [
    nameColumn(),
    column('AttachRequired', `${spec}.attachRequired`, (d) => d.spec.attachRequired ?? true, yesNo),
    column(
      'PodInfoOnMount',
      `${spec}.podInfoOnMount`,
      (d) => d.spec.podInfoOnMount ?? false,
      yesNo,
    ),
    column(
      'StorageCapacity',
      `${spec}.storageCapacity`,
      (d) => d.spec.storageCapacity ?? false,
      yesNo,
    ),
    column(
      'TokenRequests',
      `${spec}.tokenRequests`,
      (d) => d.spec.tokenRequests?.map((t) => t.audience).join(',') ?? '<unset>',
    ),
    column(
      'RequiresRepublish',
      `${spec}.requiresRepublish`,
      (d) => d.spec.requiresRepublish ?? false,
      yesNo,
    ),
    column(
      'Modes',
      `${spec}.volumeLifecycleModes`,
      (d) => (d.spec.volumeLifecycleModes ?? []).join(',') || '<none>',
    ),
    ageColumn(),
  ],
});

/** Feature VolumeLimitScaling is off by default: its field is kept only where it was set. */
function dropDisabledFields(next: CSIDriver, prev: CSIDriver | undefined): void {
  const spec: { preventPodSchedulingIfMissing?: boolean } = next.spec;
  const before: { preventPodSchedulingIfMissing?: boolean } = prev?.spec ?? {};
  if (before.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing;
}
