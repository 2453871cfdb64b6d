/**
 * Nobody grants rights that they do not have: roles and bindings are written only by who holds all
 * that they grant, or may `escalate` (roles) or `bind` (the role that a binding refers to). Runs
 * behind the admission plugins that change objects.
 * Rules: rbac documentation, "Privilege escalation prevention and bootstrapping".
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { quote } from '../../machinery/meta/field-error.ts';
import { forbidden, notFound, StatusError } from '../../machinery/meta/status-error.ts';
import type {
  ClusterRole,
  KubeObject,
  PolicyRule,
  RoleBinding,
} from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts';
import type { AccessAttributes } from './authorizer.ts';
import type { Rbac } from './rbac.ts';
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
  const rules = env.rbac.rulesOfRole(kind, a.namespace, name);
  if (rules === undefined) throw notFound({ group, resource: plural }, name);
  confirm(a, env, rules);
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
): { rules: PolicyRule[]; problems: string[] } {
  const problems: string[] = [];
  const rules = [...env.rbac.rulesFor(a.user, a.namespace, problems)].flatMap((g) => g.rules);
  return { rules, problems };
}

function confirm(
  a: AdmissionAttributes,
  env: EscalationEnvironment,
  wanted: readonly PolicyRule[],
): void {
  const { rules, problems } = rulesOf(a, env);
  const missing = uncoveredRules(rules, wanted);
  if (missing.length === 0) return;
  const groups = `[${a.user.groups.map(quote).join(' ')}]`;
  const texts = [...new Set(compact(missing).map(ruleText))].sort();
  const unresolved = problems.length > 0 ? `; resolution errors: [${problems.join(', ')}]` : '';
  throw refused(
    a,
    `user ${quote(a.user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}${unresolved}`,
  );
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
