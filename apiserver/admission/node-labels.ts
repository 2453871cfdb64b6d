/** Which labels a kubelet may set on its own node: none that would steer pods to it. */
import { member } from '../../machinery/meta/member.ts';

/** The standard labels that a kubelet reports. */
const reported = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
/** Domains (and their subdomains) that are the kubelet's to use. */
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const restrictedDomain = 'node-restriction.kubernetes.io';

type Labels = Readonly<Record<string, string>> | undefined;

/** The changed labels that a node may not change, sorted. */
export function forbiddenLabels(next: Labels, prev: Labels): string[] {
  const keys = new Set([...Object.keys(next ?? {}), ...Object.keys(prev ?? {})]);
  return [...keys].filter((k) => member(next, k) !== member(prev, k) && isForbidden(k)).sort();
}

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/');
  const domain = slash < 0 ? '' : label.slice(0, slash);
  if (within(domain, restrictedDomain)) return true;
  if (!within(domain, 'kubernetes.io') && !within(domain, 'k8s.io')) return false;
  return !reported.has(label) && !ownDomains.some((d) => within(domain, d));
}

function within(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
