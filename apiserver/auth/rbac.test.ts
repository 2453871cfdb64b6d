import assert from 'node:assert/strict';
import type { KubeObject, PolicyRule } from '../../machinery/schema/wire.ts';
import type { CacheEvent, CacheWatcher, ResourceCache } from '../storage/cache/resource-cache.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { AccessAttributes } from './authorizer.ts';
import { allows, Rbac } from './rbac.ts';

/** `alice get apps/deployments/scale ns/x`, or `alice get /healthz`. */
function attributes(text: string): AccessAttributes {
  const [who = '', verb = '', what = '', object = '/'] = text.split(' ');
  const [name = '', ...groups] = who.split(',');
  const path = what.startsWith('/') ? what : '';
  const [group = '', resource = '', subresource = ''] = path === '' ? what.split('/') : [];
  const [namespace = '', objectName = ''] = object.split('/');
  return {
    user: { name, groups },
    verb,
    resourceRequest: path === '',
    group,
    version: 'v1',
    resource,
    subresource,
    namespace,
    name: objectName,
    path,
  };
}

describe('a rule', () => {
  const pods: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
  const urls = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });
  const cases: [PolicyRule, string, boolean][] = [
    [pods, 'a get core/pods', false],
    [{ ...pods, apiGroups: ['core'] }, 'a get core/pods', true],
    [{ ...pods, apiGroups: ['*'] }, 'a get core/pods', true],
    [{ ...pods, apiGroups: ['*'], verbs: ['list'] }, 'a get core/pods', false],
    [{ ...pods, apiGroups: ['*'], verbs: ['*'] }, 'a delete core/pods', true],
    [{ ...pods, apiGroups: ['*'] }, 'a get core/pods/log', false],
    [{ ...pods, apiGroups: ['*'], resources: ['pods/log'] }, 'a get core/pods/log', true],
    [{ ...pods, apiGroups: ['*'], resources: ['*/log'] }, 'a get core/pods/log', true],
    [{ ...pods, apiGroups: ['*'], resources: ['*/log'] }, 'a get core/pods', false],
    [{ ...pods, apiGroups: ['*'], resources: ['*'] }, 'a get core/pods/log', true],
    [{ ...pods, apiGroups: ['*'], resourceNames: ['x'] }, 'a get core/pods ns/x', true],
    [{ ...pods, apiGroups: ['*'], resourceNames: ['x'] }, 'a get core/pods ns/y', false],
    [{ ...pods, apiGroups: ['*'], resourceNames: ['x'] }, 'a get core/pods ns/', false],
    [{ ...pods, apiGroups: ['*'] }, 'a get /pods', false],
    [urls('/healthz'), 'a get /healthz', true],
    [urls('/healthz'), 'a get /healthz/ping', false],
    [urls('/healthz/*'), 'a get /healthz/ping', true],
    [urls('/healthz/*'), 'a get /healthz', false],
    [urls('*'), 'a get /x', true],
    [urls('*'), 'a post /x', false],
    [urls('*'), 'a get core/pods', false],
  ];
  for (const [rule, request, expected] of cases) {
    it(`${JSON.stringify(rule)} ${expected ? 'allows' : 'does not allow'} ${request}`, () => {
      assert.equal(allows(rule, attributes(request)), expected);
    });
  }
});

/** A cache that tests write into. */
class FakeCache {
  readonly spec: { prefix: string };
  readonly #objects = new Map<string, StoredObject>();
  readonly #watchers: CacheWatcher[] = [];

  constructor(prefix: string) {
    this.spec = { prefix };
  }

  get(namespace: string, name: string): StoredObject | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  objects(): Iterable<StoredObject> {
    return this.#objects.values();
  }

  subscribe(watcher: CacheWatcher): () => void {
    this.#watchers.push(watcher);
    return () => {};
  }

  put(object: KubeObject): void {
    this.#tell('MODIFIED', this.#stored(object));
  }

  remove(object: KubeObject): void {
    const stored = this.#stored(object);
    this.#objects.delete(`${stored.namespace}/${stored.name}`);
    this.#tell('DELETED', stored);
  }

  lose(): void {
    this.#objects.clear();
    for (const w of this.#watchers) w.onLost?.();
  }

  #stored(object: KubeObject): StoredObject {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const key = `${this.spec.prefix}/${namespace}/${name}`;
    const stored = { key, namespace, name, object: () => object } as unknown as StoredObject;
    this.#objects.set(`${namespace}/${name}`, stored);
    return stored;
  }

  #tell(type: string, object: StoredObject): void {
    for (const w of this.#watchers) w.onEvent({ type, object } as unknown as CacheEvent);
  }
}

describe('RBAC', () => {
  const caches = () => {
    const made = {
      roles: new FakeCache('roles'),
      clusterRoles: new FakeCache('clusterroles'),
      roleBindings: new FakeCache('rolebindings'),
      clusterRoleBindings: new FakeCache('clusterrolebindings'),
    };
    return { ...made, rbac: new Rbac(made as unknown as Record<keyof typeof made, ResourceCache>) };
  };
  const rules = [
    { verbs: ['get'], apiGroups: ['*'], resources: ['pods'], nonResourceURLs: ['/x'] },
  ];
  const role = (name: string, namespace?: string): KubeObject & { rules: PolicyRule[] } => ({
    metadata: { name, ...(namespace && { namespace }) },
    rules,
  });
  const binding = (roleKind: string, roleName: string, subjects: object[], namespace?: string) => ({
    metadata: { name: 'b', ...(namespace && { namespace }) },
    roleRef: { kind: roleKind, name: roleName },
    subjects,
  });
  const alice = { kind: 'User', name: 'alice' };
  const decided = (rbac: Rbac, request: string) => {
    const { decision, reason } = rbac.authorize(attributes(request));
    return decision === 'allow' ? reason : `${decision} ${reason}`;
  };

  it('grants cluster-wide what a ClusterRoleBinding binds', () => {
    const { rbac, clusterRoles, clusterRoleBindings } = caches();
    clusterRoles.put(role('r'));
    clusterRoleBindings.put(binding('ClusterRole', 'r', [{ kind: 'Group', name: 'devs' }]));
    const because = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "devs"';
    assert.equal(decided(rbac, 'bob,devs get core/pods'), because);
    assert.equal(decided(rbac, 'bob,devs get core/pods any/p'), because);
    assert.equal(decided(rbac, 'bob,devs get /x'), because);
    assert.equal(decided(rbac, 'devs get core/pods'), 'noOpinion ');
  });

  it('grants in one namespace what a RoleBinding binds', () => {
    const { rbac, roles, clusterRoles, roleBindings } = caches();
    clusterRoles.put(role('r'));
    roleBindings.put(binding('ClusterRole', 'r', [alice], 'ns'));
    assert.equal(
      decided(rbac, 'alice get core/pods ns/p'),
      'RBAC: allowed by RoleBinding "b/ns" of ClusterRole "r" to User "alice"',
    );
    for (const request of ['alice get core/pods other/p', 'alice get core/pods', 'alice get /x']) {
      assert.equal(decided(rbac, request), 'noOpinion ');
    }
    // A Role is looked for in the namespace of the binding.
    roles.put(role('mine', 'other'));
    roleBindings.put(binding('Role', 'mine', [alice], 'ns'));
    assert.equal(
      decided(rbac, 'alice get core/pods ns/p'),
      'noOpinion RBAC: role.rbac.authorization.k8s.io "mine" not found',
    );
    roles.put(role('mine', 'ns'));
    assert.match(decided(rbac, 'alice get core/pods ns/p'), /of Role "mine" to User "alice"/);
  });

  it('knows service accounts as subjects', () => {
    const { rbac, clusterRoles, clusterRoleBindings, roleBindings } = caches();
    clusterRoles.put(role('r'));
    const account = { kind: 'ServiceAccount', name: 'sa' };
    clusterRoleBindings.put(binding('ClusterRole', 'r', [account]));
    assert.equal(decided(rbac, 'system:serviceaccount::sa get core/pods'), 'noOpinion ');
    roleBindings.put(binding('ClusterRole', 'r', [account], 'ns'));
    assert.equal(
      decided(rbac, 'system:serviceaccount:ns:sa get core/pods ns/p'),
      'RBAC: allowed by RoleBinding "b/ns" of ClusterRole "r" to ServiceAccount "sa/ns"',
    );
  });

  it('follows what changes', () => {
    const { rbac, clusterRoles, clusterRoleBindings } = caches();
    const may = () => rbac.authorize(attributes('alice get core/pods')).decision === 'allow';
    const bound = binding('ClusterRole', 'r', [alice]);
    clusterRoleBindings.put(bound);
    assert.equal(may(), false);
    clusterRoles.put(role('r'));
    assert.equal(may(), true);
    // A controller fills in the rules of aggregated roles.
    clusterRoles.put({ ...role('r'), rules: [] } as KubeObject);
    assert.equal(may(), false);
    clusterRoles.put(role('r'));
    clusterRoleBindings.put(binding('ClusterRole', 'r', [{ kind: 'User', name: 'bob' }]));
    assert.equal(may(), false);
    clusterRoleBindings.put(bound);
    assert.equal(may(), true);
    clusterRoleBindings.remove(bound);
    assert.equal(may(), false);
    clusterRoleBindings.put(bound);
    clusterRoleBindings.lose();
    assert.equal(may(), false);
  });
});
