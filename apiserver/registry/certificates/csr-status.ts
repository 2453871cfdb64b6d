/** What the status and approval subresources of a CertificateSigningRequest may change. */
import type { CertificateSigningRequest } from '../../../machinery/schema/wire.ts';
import type { FaceStrategy, StatusStrategy } from '../resource.ts';
import { validateCsrUpdate } from './csr-validation.ts';

type Condition = NonNullable<
  NonNullable<CertificateSigningRequest['status']>['conditions']
>[number];

/** The signer's face: the certificate and the Failed condition; approvals stay as they are. */
export const csrStatus: StatusStrategy<CertificateSigningRequest> = {
  resetFields: [['spec'], ['status', 'conditions']],
  metadataChecks: ['whole', 'change'],
  prepareForUpdate: (next, prev, ctx) => {
    keepConditions(next, prev, 'Approved');
    keepConditions(next, prev, 'Denied');
    setTimes(next, prev, ctx.now);
  },
  validateUpdate: (next, prev) => validateCsrUpdate(next, prev, 'status'),
};

/** The approver's face: the conditions. */
export const csrApproval: FaceStrategy<CertificateSigningRequest> = {
  verbs: ['get', 'patch', 'update'],
  resetFields: [['spec'], ['status', 'certificate']],
  metadataChecks: ['whole', 'change'],
  prepareForUpdate: (next, prev, ctx) => {
    setTimes(next, prev, ctx.now);
    const conditions = next.status?.conditions;
    const { conditions: _, ...status } = prev.status ?? {};
    next.spec = prev.spec;
    next.status = conditions === undefined ? status : { ...status, conditions };
  },
  validateUpdate: (next, prev) => validateCsrUpdate(next, prev, 'approval'),
};

/** Conditions of this type are taken from `prev` when there are as many of them. */
function keepConditions(
  next: CertificateSigningRequest,
  prev: CertificateSigningRequest,
  type: string,
): void {
  const before = (prev.status?.conditions ?? []).filter((c) => c.type === type);
  const conditions = next.status?.conditions ?? [];
  if (conditions.filter((c) => c.type === type).length !== before.length) return;
  let i = 0;
  next.status = {
    ...next.status,
    ...(conditions.length === 0
      ? {}
      : { conditions: conditions.map((c) => (c.type === type ? { ...before[i++]! } : c)) }),
  };
}

function setTimes(
  next: CertificateSigningRequest,
  prev: CertificateSigningRequest,
  now: string,
): void {
  const conditions = next.status?.conditions;
  if (conditions === undefined) return;
  const same = (a: Condition, b: Condition) => a.type === b.type && a.status === b.status;
  next.status = {
    ...next.status,
    conditions: conditions.map((c) => {
      const before = prev.status?.conditions?.find((p) => same(p, c) && p.lastTransitionTime);
      return {
        ...c,
        lastUpdateTime: c.lastUpdateTime || now,
        lastTransitionTime: c.lastTransitionTime || (before?.lastTransitionTime ?? now),
      };
    }),
  };
}
