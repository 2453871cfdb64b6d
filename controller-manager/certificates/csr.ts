/** What CertificateSigningRequests say of themselves. */
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';

type Condition = NonNullable<
  NonNullable<CertificateSigningRequest['status']>['conditions']
>[number];

/** True when a condition of the type is there; only Failed may also be false. */
export function hasVerdict(csr: CertificateSigningRequest, type: string): boolean {
  return csr.status?.conditions?.some((c) => c.type === type) ?? false;
}

export function isIssued(csr: CertificateSigningRequest): boolean {
  return (csr.status?.certificate ?? '') !== '';
}

/** The request with one more condition. */
export function withVerdict(
  csr: CertificateSigningRequest,
  condition: Condition,
): CertificateSigningRequest {
  const conditions = [...(csr.status?.conditions ?? []), condition];
  return { ...csr, status: { ...csr.status, conditions } };
}
