/** StorageObjectInUseProtection: finalizers that keep volumes and claims while they are in use. */
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

function finalizerOf(a: AdmissionAttributes): string | undefined {
  return finalizers[a.group === '' ? a.resource : `${a.resource}.${a.group}`];
}

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (a) => a.operation === 'CREATE' && a.subresource === '' && finalizerOf(a) !== undefined,
  admit(a) {
    const finalizer = finalizerOf(a)!;
    const meta = a.object!.metadata!;
    if (meta.finalizers?.includes(finalizer)) return;
    meta.finalizers = [...(meta.finalizers ?? []), finalizer];
  },
};
