/** PersistentVolumeClaimResize: claims grow only where their storage class lets them. */
import { Quantity } from '../../machinery/meta/quantity.ts';
import { amountsOf } from '../../machinery/quota/amounts.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

export function persistentVolumeClaimResize(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: (a) => a.operation === 'UPDATE' && isCore(a, 'persistentvolumeclaims'),
    async validate(a) {
      const next = a.object as PersistentVolumeClaim;
      const prev = a.oldObject as PersistentVolumeClaim;
      if (sizeOf(next).cmp(sizeOf(prev)) <= 0) return;
      if (prev.status?.phase !== 'Bound') {
        throw refused(a, 'Only bound persistent volume claims can be expanded');
      }
      const name = classOf(next);
      const found =
        name === '' || name !== classOf(prev)
          ? undefined
          : await env.access.get<StorageClass>('storageclasses.storage.k8s.io', '', name);
      if (found?.allowVolumeExpansion === true) return;
      throw refused(
        a,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}

function sizeOf(claim: PersistentVolumeClaim): Quantity {
  return amountsOf(claim.spec?.resources?.requests).get('storage') ?? Quantity.zero;
}

/** The old annotation comes before the field. */
function classOf(claim: PersistentVolumeClaim): string {
  return (
    claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
    claim.spec?.storageClassName ??
    ''
  );
}
