/**
 * The lease in kube-system by which one of several API servers shows that it lives (KEP-1965).
 */
import { formatMicroTime } from '../../machinery/meta/times.ts';
import type { Lease } from '../../machinery/schema/wire.ts';

const componentLabel = 'apiserver.kubernetes.io/identity';
const component = 'kube-apiserver';
const durationSeconds = 3600;

/** What a server is called, and where it runs. */
export interface ServerIdentity {
  /** Of all servers on this host, one after the other: `apiserver-…`. */
  readonly name: string;
  /** Of this process. */
  readonly holder: string;
  readonly hostname: string;
}

/** The lease of a server as of now. */
export function identityLease({ name, holder, hostname }: ServerIdentity, nowMs: number): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: 'kube-system',
      labels: { [componentLabel]: component, 'kubernetes.io/hostname': hostname },
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: durationSeconds,
      renewTime: formatMicroTime(nowMs),
    },
  };
}

/** A lease that is there, renewed; undefined when it is so already. */
export function renewIdentityLease(expected: Lease, existing: Lease): Lease | undefined {
  const { spec = {} } = existing;
  const { holderIdentity, renewTime } = expected.spec!;
  if (spec.holderIdentity === holderIdentity && spec.renewTime === renewTime) return undefined;
  const labels = { ...existing.metadata?.labels, ...expected.metadata!.labels };
  const metadata = { ...existing.metadata, labels };
  return { ...existing, metadata, spec: { ...spec, ...expected.spec } };
}

/** Whether it is that of a server that has been gone for long. */
export function isLeftIdentityLease({ metadata, spec }: Lease, nowMs: number): boolean {
  if (metadata?.labels?.[componentLabel] !== component) return false;
  const { renewTime, leaseDurationSeconds } = spec ?? {};
  if (renewTime === undefined || leaseDurationSeconds === undefined) return true;
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 < nowMs;
}
