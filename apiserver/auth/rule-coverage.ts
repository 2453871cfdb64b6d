/**
 * Whether rules grant all that other rules grant (rbac.authorization.k8s.io/v1 PolicyRule): used to
 * complete default roles, and to refuse the escalation of rights.
 */
import type { PolicyRule } from '../../machinery/schema/wire.ts';

/** What of `wanted` the owned rules do not grant, in rules of one verb on one thing each. */
export function uncoveredRules(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((piece) => !owned.some((rule) => covers(rule, piece)));
}

/** The rules of one verb, one group, one resource and one name that a rule amounts to. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  const names = rule.resourceNames ?? [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const one = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (names.length === 0) out.push(one);
        else out.push(...names.map((name) => ({ ...one, resourceNames: [name] })));
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) out.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return out;
}

function covers(owner: PolicyRule, piece: PolicyRule): boolean {
  const names = owner.resourceNames ?? [];
  return (
    hasAll(owner.verbs, piece.verbs) &&
    hasAll(owner.apiGroups, piece.apiGroups) &&
    (piece.resources ?? []).every((r) => coversResource(owner.resources ?? [], r)) &&
    (names.length === 0 ||
      (piece.resourceNames !== undefined && hasAll(names, piece.resourceNames))) &&
    (piece.nonResourceURLs ?? []).every((url) => coversUrl(owner.nonResourceURLs ?? [], url))
  );
}

function hasAll(
  set: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  return set?.includes('*') === true || (wanted ?? []).every((w) => set?.includes(w) === true);
}

function coversResource(set: readonly string[], resource: string): boolean {
  if (set.includes('*') || set.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && set.includes(`*${resource.slice(slash)}`);
}

function coversUrl(set: readonly string[], url: string): boolean {
  return set.some(
    (owner) => owner === url || (owner.endsWith('*') && url.startsWith(owner.replace(/\*+$/, ''))),
  );
}
