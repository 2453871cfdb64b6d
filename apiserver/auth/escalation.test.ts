import assert from 'node:assert/strict';
import type { KubeObject, PolicyRule } from '../../machinery/schema/wire.ts';
import { attributes, judge } from '../admission/test-environment.ts';
import { escalationCheck } from './escalation.ts';
import type { MissingRole } from './rbac.ts';

const rule = (verbs: string[], resources: string[]): PolicyRule => ({
  apiGroups: [''],
  verbs,
  resources,
});
const group = 'rbac.authorization.k8s.io';

interface Case {
  readonly what: string;
  readonly resource: string;
  readonly object: KubeObject & Record<string, unknown>;
  readonly old?: KubeObject & Record<string, unknown>;
  /** Verb, resource and name that are allowed beside the rules. */
  readonly may?: string;
  readonly groups?: string[];
  readonly refusal?: string;
  readonly missing?: readonly MissingRole[];
}

const metadata = { name: 'x', namespace: 'ns' };
const role = (rules: PolicyRule[], more: object = {}) => ({ metadata, rules, ...more });
const binding = (kind: string, name: string) => ({
  metadata,
  roleRef: { apiGroup: group, kind, name },
  subjects: [],
});
const attempt = (resource: string, ...missing: string[]) =>
  `${resource}.${group} "x" is forbidden: user "alice" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${missing.join('\n')}`;

const cases: Case[] = [
  {
    what: 'a role that its writer holds',
    resource: 'roles',
    object: role([rule(['get'], ['pods'])]),
  },
  {
    what: 'a role with more',
    resource: 'roles',
    object: role([rule(['get', 'delete', 'watch'], ['pods', 'secrets'])]),
    refusal: attempt(
      'roles',
      '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete" "watch"]}',
    ),
  },
  {
    what: 'a role with more by who may escalate',
    resource: 'roles',
    object: role([rule(['*'], ['*'])]),
    may: 'escalate roles ',
  },
  {
    what: 'anything by masters',
    resource: 'roles',
    object: role([rule(['*'], ['*'])]),
    groups: ['system:masters'],
  },
  {
    what: 'an aggregation rule',
    resource: 'clusterroles',
    object: role([], { aggregationRule: { clusterRoleSelectors: [{}] } }),
    refusal: `clusterroles.${group} "x" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
  },
  {
    what: 'the taking away of an aggregation rule',
    resource: 'clusterroles',
    object: role([]),
    old: role([], { aggregationRule: { clusterRoleSelectors: [{}] } }),
    refusal: `clusterroles.${group} "x" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
  },
  {
    what: 'the taking away of a finalizer',
    resource: 'roles',
    object: role([rule(['*'], ['*'])]),
    old: { ...role([rule(['*'], ['*'])]), metadata: { ...metadata, finalizers: ['a/b'] } },
  },
  {
    what: 'a binding to a role that its writer holds',
    resource: 'rolebindings',
    object: binding('Role', 'reader'),
  },
  {
    what: 'a binding to a role with more',
    resource: 'rolebindings',
    object: binding('ClusterRole', 'admin'),
    refusal: attempt('rolebindings', '{APIGroups:[""], Resources:["*"], Verbs:["*"]}'),
  },
  {
    what: 'a binding by who may bind that role',
    resource: 'rolebindings',
    object: binding('ClusterRole', 'admin'),
    may: 'bind clusterroles admin',
  },
  {
    what: 'a binding to no role',
    resource: 'clusterrolebindings',
    object: binding('ClusterRole', 'none'),
    refusal: `clusterrolebindings.${group} "none" not found`,
  },
  {
    what: 'a binding to a role without a name',
    resource: 'rolebindings',
    object: binding('ClusterRole', ''),
    refusal: 'Name parameter required.',
  },
  {
    what: 'a binding to a name that no role can have',
    resource: 'rolebindings',
    object: binding('ClusterRole', 'a/b'),
    refusal: `Name parameter invalid: "a/b": may not contain '/'`,
  },
  {
    what: 'a role with more where the roles of bindings are missing',
    resource: 'roles',
    object: role([rule(['get'], ['secrets'])]),
    missing: [
      { kind: 'Role', name: 'r', namespace: 'ns', binding: 'b' },
      { kind: 'ClusterRole', name: 'q', namespace: 'ns', binding: 'a' },
      { kind: 'ClusterRole', name: 'z', namespace: '', binding: 'c' },
      { kind: 'ClusterRole', name: 'z', namespace: '', binding: 'd' },
    ],
    refusal: attempt(
      'roles',
      `{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}; resolution errors: [[roles.${group} "z" not found, roles.${group} "q" not found, roles.${group} "r" not found]]`,
    ),
  },
  {
    what: 'a binding to something else',
    resource: 'rolebindings',
    object: binding('Secret', 'x'),
    refusal: 'unsupported role reference kind: "Secret"',
  },
];

describe('escalation', () => {
  const roles: Record<string, PolicyRule[]> = {
    reader: [rule(['get'], ['pods'])],
    admin: [rule(['*'], ['*'])],
  };
  for (const c of cases) {
    it(`judges ${c.what}`, async () => {
      const plugin = escalationCheck({
        rbac: {
          *rulesFor(_user, _namespace, missing = []) {
            missing.push(...(c.missing ?? []));
            yield { rules: [rule(['get', 'list'], ['pods'])], because: '' };
          },
          rulesOfRole: (_kind, _namespace, name) => roles[name],
        },
        authorize: (a) => Promise.resolve(`${a.verb} ${a.resource} ${a.name}` === c.may),
      });
      const a = attributes({
        group,
        resource: c.resource,
        object: c.object,
        ...(c.old === undefined ? {} : { operation: 'UPDATE' as const, oldObject: c.old }),
        user: { name: 'alice', groups: c.groups ?? ['devs', 'system:authenticated'] },
      });
      assert.equal(await judge(plugin, a), c.refusal);
    });
  }
});
