/** certificates.k8s.io/v1 CertificateSigningRequest. */
import { humanDuration } from '../../../machinery/meta/times.ts';
import type { CertificateSigningRequest } from '../../../machinery/schema/wire.ts';
import { wireUser } from '../../auth/wire-user.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn, type WriteContext } from '../resource.ts';
import { csrApproval, csrStatus } from './csr-status.ts';
import { validateCsr, validateCsrUpdate } from './csr-validation.ts';

const spec = '@certificates/v1.CertificateSigningRequestSpec';
/** Most columns of the real server are described by a version that it no longer serves. */
const before = '@io.k8s.api.certificates.v1beta1.CertificateSigningRequest';

export const certificateSigningRequests = defineResource<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  resetFields: [['spec'], ['status']],
  prepareForCreate: (next, ctx) => {
    setRequestor(next, ctx);
    next.status = {};
  },
  // Only metadata can be changed.
  prepareForUpdate: (next, prev) => {
    next.spec = prev.spec;
  },
  // No rule but that of all names.
  nameRule: () => [],
  validate: validateCsr,
  validateUpdate: (next, prev) => validateCsrUpdate(next, prev, 'main'),
  status: csrStatus,
  faces: { approval: csrApproval },
  selectableFields: { 'spec.signerName': (csr) => csr.spec.signerName },
  columns: [
    nameColumn(),
    ageColumn(),
    column('SignerName', `${before}Spec.signerName`, (csr) => csr.spec.signerName || '<none>'),
    column('Requestor', `${before}Spec.request`, (csr) => csr.spec.username ?? ''),
    column('RequestedDuration', `${spec}.expirationSeconds`, (csr) => {
      const seconds = csr.spec.expirationSeconds;
      return seconds === undefined ? '<none>' : humanDuration(seconds * 1000);
    }),
    column('Condition', `${before}Status.conditions`, conditionText),
  ],
});

function setRequestor(csr: CertificateSigningRequest, { user }: WriteContext): void {
  const { username: _u, uid: _i, groups: _g, extra: _e, ...rest } = csr.spec;
  csr.spec = { ...rest, ...wireUser(user) };
}

function conditionText(csr: CertificateSigningRequest): string {
  const has = (type: string) => (csr.status?.conditions ?? []).some((c) => c.type === type);
  let text = 'Pending';
  if (has('Denied')) text = 'Denied';
  else if (has('Approved')) text = 'Approved';
  if (has('Failed')) text += ',Failed';
  if (csr.status?.certificate) text += ',Issued';
  return text;
}
