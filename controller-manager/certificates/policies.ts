/** What each of the built-in signers accepts. API: certificates.k8s.io/v1, Kubernetes signers. */
import type { RequestFacts } from './request.ts';

export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const nodePrefix = 'system:node:';

/** Why a request is not acceptable; undefined when it is. */
export type SignerPolicy = (facts: RequestFacts, usages: readonly string[]) => string | undefined;

/** The signers there are. */
export const signerPolicies: Readonly<Record<string, SignerPolicy>> = {
  'kubernetes.io/kubelet-serving': kubeletServingProblem,
  [kubeletClientSigner]: kubeletClientProblem,
  'kubernetes.io/kube-apiserver-client': (_, usages) => clientUsageProblem(usages),
  // Restricts nothing, as it always has.
  'kubernetes.io/legacy-unknown': () => undefined,
};

/** For the certificates that kubelets call the API server with. */
export function kubeletClientProblem(
  facts: RequestFacts,
  usages: readonly string[],
): string | undefined {
  if (!isOfNodes(facts)) return 'subject organization is not system:nodes';
  if (facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!facts.commonName.startsWith(nodePrefix)) {
    return 'subject common name does not begin with system:node:';
  }
  return nodeUsageProblem(usages, 'client auth');
}

function kubeletServingProblem(facts: RequestFacts, usages: readonly string[]): string | undefined {
  if (!isOfNodes(facts)) return 'subject organization is not system:nodes';
  if (facts.dnsNames.length === 0 && facts.ipAddresses.length === 0) {
    return 'DNS or IP subjectAltName is required';
  }
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  const problem = nodeUsageProblem(usages, 'server auth');
  if (problem !== undefined) return problem;
  return facts.commonName.startsWith(nodePrefix)
    ? undefined
    : 'subject common name does not begin with system:node:';
}

function isOfNodes({ organizations }: RequestFacts): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes';
}

/** Exactly these; key encipherment only makes sense for RSA keys and may be missing. */
function nodeUsageProblem(usages: readonly string[], purpose: string): string | undefined {
  const all = [purpose, 'digital signature', 'key encipherment'].sort();
  const given = new Set(usages);
  const required = all.filter((u) => u !== 'key encipherment');
  const fits = required.every((u) => given.has(u)) && [...given].every((u) => all.includes(u));
  return fits ? undefined : `usages did not match [${all.join(' ')}]`;
}

function clientUsageProblem(usages: readonly string[]): string | undefined {
  const allowed = ['digital signature', 'key encipherment', 'client auth'];
  const other = usages.find((u) => !allowed.includes(u));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth';
}
