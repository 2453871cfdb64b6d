/** Whether a webhook's rules name a request (admissionregistration/v1 RuleWithOperations). */
import type { RuleWithOperations } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** The resource that rules are compared with. */
export interface RuledResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

type Ruled = Pick<AdmissionAttributes, 'operation' | 'subresource' | 'namespace'>;

/** `resource` stands for the request's own where the same objects are served as another one. */
export function ruleMatches(
  rule: RuleWithOperations,
  request: Ruled,
  resource: RuledResource,
): boolean {
  return (
    scopeMatches(rule.scope, request.namespace, resource) &&
    names(rule.operations, request.operation) &&
    names(rule.apiGroups, resource.group) &&
    names(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((r) => resourceMatches(r, resource.resource, request.subresource))
  );
}

function names(listed: readonly string[] | undefined, value: string): boolean {
  return listed?.some((l) => l === '*' || l === value) ?? false;
}

function resourceMatches(listed: string, resource: string, subresource: string): boolean {
  const slash = listed.indexOf('/');
  const [main, sub] = slash < 0 ? [listed, ''] : [listed.slice(0, slash), listed.slice(slash + 1)];
  return (main === '*' || main === resource) && (sub === '*' || sub === subresource);
}

/** Namespaces are cluster-wide, though requests about one are in it. */
function scopeMatches(
  scope: string | undefined,
  namespace: string,
  { group, version, resource }: RuledResource,
): boolean {
  if (scope === undefined || scope === '*') return true;
  const isNamespace = group === '' && version === 'v1' && resource === 'namespaces';
  const clusterWide = isNamespace || namespace === '';
  if (scope === 'Cluster') return clusterWide;
  return scope === 'Namespaced' && !clusterWide;
}

const exempt = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** What webhooks are never asked about: else one could not be taken away again. */
export function isExempt({ group, kind }: Pick<AdmissionAttributes, 'group' | 'kind'>): boolean {
  return group === 'admissionregistration.k8s.io' && exempt.has(kind);
}
