/** CertificateSigning: issuing a certificate, or failing to, needs permission on the signer. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isSigningRequest, requireSigner } from './signer-permission.ts';

export function certificateSigning(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    handles: (a) => a.operation === 'UPDATE' && isSigningRequest(a, 'status'),
    async validate(a) {
      const prev = a.oldObject as CertificateSigningRequest;
      const next = a.object as CertificateSigningRequest;
      const kept =
        prev.status?.certificate === next.status?.certificate &&
        deepEqual(prev.status?.conditions ?? [], next.status?.conditions ?? []);
      if (!kept) await requireSigner(env, a, 'sign', prev.spec.signerName);
    },
  };
}
