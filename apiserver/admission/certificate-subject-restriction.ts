/** CertificateSubjectRestriction: no client certificate makes its owner a cluster's master. */
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';
import { signingRequestSubject } from '../registry/certificates/signing-request.ts';
import type { AdmissionPlugin } from './admission.ts';
import { refused } from './refusal.ts';
import { isSigningRequest } from './signer-permission.ts';

const signer = 'kubernetes.io/kube-apiserver-client';
const masters = 'system:masters';

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: (a) => a.operation === 'CREATE' && isSigningRequest(a, ''),
  validate(a) {
    const { spec } = a.object as CertificateSigningRequest;
    if (spec.signerName !== signer) return;
    // Validation has seen that it can be read.
    const { organizations } = signingRequestSubject(Buffer.from(spec.request, 'base64'));
    if (!organizations.includes(masters)) return;
    throw refused(a, `use of ${signer} signer with ${masters} group is not allowed`);
  },
};
