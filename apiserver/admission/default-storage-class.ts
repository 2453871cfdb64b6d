/** DefaultStorageClass: claims that name no class get the cluster's default one. */
import type { PersistentVolumeClaim, StorageClass } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { newestMarked } from './newest-marked.ts';
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
      const found = newestMarked(all, marks);
      if (found !== undefined) claim.spec!.storageClassName = found.metadata!.name!;
    },
  };
}
