/** CertificateApproval: approving a certificate request needs permission on its signer. */
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isSigningRequest, requireSigner } from './signer-permission.ts';

export function certificateApproval(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    handles: (a) => a.operation === 'UPDATE' && isSigningRequest(a, 'approval'),
    async validate(a) {
      const { spec } = a.oldObject as CertificateSigningRequest;
      await requireSigner(env, a, 'approve', spec.signerName);
    },
  };
}
