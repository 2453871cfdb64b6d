/**
 * Nobody grants rights that they do not have: roles and bindings are written only by who holds all
 * that they grant, or may `escalate` (roles) or `bind` (the role that a binding refers to). Runs
 * behind the admission plugins that change objects.
 * Rules: rbac documentation, "Privilege escalation prevention and bootstrapping".
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { quote } from '../../machinery/meta/field-error.ts';
import { isPathSegmentName } from '../../machinery/meta/names.ts';
import { badRequest, forbidden, notFound, StatusError } from '../../machinery/meta/status-error.ts';
import type {
  ClusterRole,
  KubeObject,
  PolicyRule,
  RoleBinding,
} from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts';
import type { AccessAttributes } from './authorizer.ts';
import type { MissingRole, Rbac } from './rbac.ts';
import { uncoveredRules } from './rule-coverage.ts';

const group = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export interface EscalationEnvironment {
  readonly rbac: Pick<Rbac, 'rulesFor' | 'rulesOfRole'>;
  authorize(attributes: AccessAttributes): Promise<boolean>;
}

export function escalationCheck(env: EscalationEnvironment): AdmissionPlugin {
  return {
    name: 'rbac-escalation',
    handles: (a) =>
      a.group === group &&
      a.subresource === '' &&
      (a.operation === 'CREATE' || a.operation === 'UPDATE') &&
      !a.user.groups.includes('system:masters'),
    async admit(a) {
      if (onlyForGarbageCollection(a.object!, a.oldObject)) return;
      if (a.resource === 'roles' || a.resource === 'clusterroles') await checkRole(a, env);
      else await checkBinding(a, env);
    },
  };
}

async function checkRole(a: AdmissionAttributes, env: EscalationEnvironment): Promise<void> {
  const name = a.operation === 'CREATE' ? '' : a.name;
  if (await may(a, env, 'escalate', a.resource, name)) return;
  const role = a.object as ClusterRole;
  confirm(a, env, role.rules ?? []);
  if (!aggregates(role) && !aggregates(a.oldObject as ClusterRole | undefined)) return;
  // An aggregation rule can gather anything.
  const missing = uncoveredRules(rulesOf(a, env).rules, everything);
  if (missing.length > 0) {
    throw refused(a, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

async function checkBinding(a: AdmissionAttributes, env: EscalationEnvironment): Promise<void> {
  const { roleRef } = a.object as RoleBinding;
  const { kind, name } = roleRef;
  const plural = kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  const known = kind === 'ClusterRole' || kind === 'Role';
  if (known && (await may(a, env, 'bind', plural, name))) return;
  if (!known) throw new StatusError('', `unsupported role reference kind: ${quote(kind)}`);
  const namespace = kind === 'Role' ? a.namespace : undefined;
  const unusable = unusableKey(namespace, name);
  if (unusable !== undefined) throw badRequest(unusable);
  const rules = env.rbac.rulesOfRole(kind, a.namespace, name);
  if (rules === undefined) throw notAvailable(a, name);
  confirm(a, env, rules);
}

/** Why nothing is stored under such a key. */
function unusableKey(namespace: string | undefined, name: string): string | undefined {
  if (namespace === '') return 'Namespace parameter required.';
  if (name === '') return 'Name parameter required.';
  const problems = isPathSegmentName(name);
  if (problems.length === 0) return undefined;
  return `Name parameter invalid: ${quote(name)}: ${problems.join(';')}`;
}

/** The real server says it of the resource that the request is for, not of the role. */
function notAvailable(a: AdmissionAttributes, role: string): StatusError {
  return notFound({ group, resource: a.resource }, role);
}

function may(
  a: AdmissionAttributes,
  env: EscalationEnvironment,
  verb: 'escalate' | 'bind',
  resource: string,
  name: string,
): Promise<boolean> {
  return env.authorize({
    user: a.user,
    verb,
    resourceRequest: true,
    group,
    version: '*',
    resource,
    subresource: '',
    namespace: a.namespace,
    name,
    path: '',
  });
}

function rulesOf(
  a: AdmissionAttributes,
  env: EscalationEnvironment,
): { rules: PolicyRule[]; missing: MissingRole[] } {
  const missing: MissingRole[] = [];
  const rules = [...env.rbac.rulesFor(a.user, a.namespace, missing)].flatMap((g) => g.rules);
  return { rules, missing };
}

function confirm(
  a: AdmissionAttributes,
  env: EscalationEnvironment,
  wanted: readonly PolicyRule[],
): void {
  const { rules, missing } = rulesOf(a, env);
  const uncovered = uncoveredRules(rules, wanted);
  if (uncovered.length === 0) return;
  const groups = `[${a.user.groups.map(quote).join(' ')}]`;
  const texts = [...new Set(compact(uncovered).map(ruleText))].sort();
  throw refused(
    a,
    `user ${quote(a.user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}${unresolvedText(a, missing)}`,
  );
}

function unresolvedText(a: AdmissionAttributes, missing: readonly MissingRole[]): string {
  if (missing.length === 0) return '';
  const keyOf = (m: MissingRole) => `${m.namespace}/${m.binding}`;
  const sorted = missing.toSorted((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1));
  const texts = [...new Set(sorted.map((m) => notAvailable(a, m.name).message))];
  const all = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
  return `; resolution errors: [${all}]`;
}

function refused(a: AdmissionAttributes, why: string): StatusError {
  return forbidden({ group, resource: a.resource }, a.object?.metadata?.name ?? '', why);
}

/** Rules that differ by their verb only, as one. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const out: PolicyRule[] = [];
  const byThing = new Map<string, PolicyRule>();
  for (const rule of rules) {
    if (rule.nonResourceURLs !== undefined) {
      out.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const same = byThing.get(key);
    if (same === undefined) byThing.set(key, { ...rule, verbs: [...rule.verbs] });
    else same.verbs.push(...rule.verbs);
  }
  return [...out, ...byThing.values()];
}

function ruleText(r: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', r.apiGroups],
    ['Resources', r.resources],
    ['NonResourceURLs', r.nonResourceURLs],
    ['ResourceNames', r.resourceNames],
    ['Verbs', r.verbs],
  ];
  const shown = parts
    .filter(([, values]) => (values ?? []).length > 0)
    .map(([name, values]) => `${name}:[${values!.map(quote).join(' ')}]`);
  return `{${shown.join(', ')}}`;
}

function aggregates(role: ClusterRole | undefined): boolean {
  return (role?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

/** Who may only change finalizers and owners can thereby let an object go, not more. */
function onlyForGarbageCollection(next: KubeObject, prev: KubeObject | undefined): boolean {
  if (prev === undefined) return false;
  const strip = (o: KubeObject) => {
    const {
      ownerReferences: _o,
      finalizers: _f,
      managedFields: _m,
      ...metadata
    } = o.metadata ?? {};
    return { ...o, metadata };
  };
  return deepEqual(strip(next), strip(prev));
}
