/** DefaultStorageClass: claims that name no class get the cluster's default one. */
import type { PersistentVolumeClaim, StorageClass } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore } from './refusal.ts';

const marks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const betaClass = 'volume.beta.kubernetes.io/storage-class';

export function defaultStorageClass(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: (a) => a.operation === 'CREATE' && isCore(a, 'persistentvolumeclaims'),
    async admit(a) {
      const claim = a.object as PersistentVolumeClaim;
      if (claim.metadata?.annotations?.[betaClass] !== undefined) return;
      if (claim.spec?.storageClassName !== undefined) return;
      const all = await env.access.list<StorageClass>('storageclasses.storage.k8s.io', '');
      const found = newestDefault(all);
      if (found !== undefined) claim.spec!.storageClassName = found.metadata!.name!;
    },
  };
}

/** Of several defaults the newest one; of those made in the same second the first by name. */
export function newestDefault(classes: readonly StorageClass[]): StorageClass | undefined {
  return classes
    .filter((c) => marks.some((m) => c.metadata?.annotations?.[m] === 'true'))
    .toSorted((a, b) => createdMs(b) - createdMs(a) || (nameOf(a) < nameOf(b) ? -1 : 1))[0];
}

function createdMs(c: StorageClass): number {
  return Date.parse(c.metadata?.creationTimestamp ?? '') || 0;
}

function nameOf(c: StorageClass): string {
  return c.metadata?.name ?? '';
}
