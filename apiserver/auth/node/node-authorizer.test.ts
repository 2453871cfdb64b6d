import assert from 'node:assert/strict';
import type { AccessAttributes } from '../authorizer.ts';
import { fieldRequirements, labelRequirements } from '../selector-requirements.ts';
import { nodeAuthorizer } from './node-authorizer.ts';

const rules = [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] }];
/** What is related to node `n1`. */
const mine = new Set([
  'secrets ns/s',
  'pods ns/p',
  'serviceaccounts ns/default',
  'resourceslices /x',
]);
const authorizer = nodeAuthorizer(
  { related: (node, kind, ns, name) => node === 'n1' && mine.has(`${kind} ${ns}/${name}`) },
  rules,
);
const unrelated = "no relationship found between node 'n1' and this object";

/** `verb group/resource/subresource ns/name?selector` */
function attributes(text: string): AccessAttributes {
  const [verb = '', what = '', rest = ''] = text.split(' ');
  const [group = '', resource = '', subresource = ''] = what.split('/');
  const [object = '', selector] = rest.split('?');
  const [namespace = '', name = ''] = object.split('/');
  return {
    user: { name: 'system:node:n1', groups: ['system:nodes'] },
    verb,
    resourceRequest: true,
    group,
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
    path: '',
    ...(selector === undefined ? {} : { fieldSelector: fieldRequirements(selector)! }),
  };
}

/** true: allowed; a text: the reason of no opinion. */
const cases: [string, true | string][] = [
  ['get /secrets ns/s', true],
  ['watch /secrets ns/s', true],
  ['get /secrets ns/other', unrelated],
  ['list /secrets ns/', 'No Object name found'],
  ['list /secrets /', 'can only read namespaced object of this type'],
  ['delete /secrets ns/s', 'can only read resources of this type'],
  ['get /configmaps ns/s', unrelated],
  ['list /persistentvolumeclaims ns/c', 'can only get individual resources of this type'],
  ['patch /persistentvolumeclaims/status ns/c', unrelated],
  ['get /pods ns/p', true],
  ['get /pods ns/q', unrelated],
  ['list /pods /?spec.nodeName=n1', true],
  ['watch /pods /?spec.nodeName=n1,status.phase!=Failed', true],
  ['list /pods /?spec.nodeName=n2', 'can only list/watch pods with spec.nodeName field selector'],
  ['list /pods /?spec.nodeName!=n1', 'can only list/watch pods with spec.nodeName field selector'],
  ['list /pods /', 'can only list/watch pods with spec.nodeName field selector'],
  ['watch /pods ns/p?metadata.name=p', true],
  ['create /pods ns/', true],
  ['update /pods ns/p', ''],
  ['update /pods/status ns/p', true],
  ['create /pods/eviction ns/p', true],
  ['create /pods/binding ns/p', ''],
  ['get /nodes /n1', true],
  ['get /nodes /n2', "node 'n1' cannot read 'n2', only its own Node object"],
  ['list /nodes /', "node 'n1' cannot read all nodes, only its own Node object"],
  ['update /nodes /n2', true],
  ['delete /nodes /n1', ''],
  ['patch /nodes/status /n1', true],
  ['get /serviceaccounts ns/default', true],
  ['create /serviceaccounts/token ns/default', true],
  ['create /serviceaccounts/token ns/other', unrelated],
  ['list /serviceaccounts ns/', 'can only create tokens for individual service accounts'],
  ['update coordination.k8s.io/leases kube-node-lease/n1', true],
  ['create coordination.k8s.io/leases kube-node-lease/', true],
  [
    'update coordination.k8s.io/leases kube-node-lease/n2',
    'can only access node lease with the same name as the requesting node',
  ],
  [
    'get coordination.k8s.io/leases kube-system/n1',
    'can only access leases in the "kube-node-lease" system namespace',
  ],
  ['get storage.k8s.io/csinodes /n1', true],
  ['list storage.k8s.io/csinodes /', 'can only get, create, update, patch, or delete a CSINode'],
  ['get resource.k8s.io/resourceslices /x', true],
  ['list resource.k8s.io/resourceslices /?spec.nodeName=n1', true],
  [
    'list resource.k8s.io/resourceslices /',
    'can only list/watch/deletecollection resourceslices with nodeName field selector',
  ],
  ['list /services /', true],
  ['delete /services ns/a', ''],
  ['get apps/deployments ns/a', ''],
];

describe('node authorizer', () => {
  for (const [text, expected] of cases) {
    it(`${text}: ${expected === true ? 'yes' : expected || 'no'}`, async () => {
      const decision = await authorizer.authorize(attributes(text));
      if (expected === true) assert.equal(decision.decision, 'allow');
      else assert.deepEqual(decision, { decision: 'noOpinion', reason: expected });
    });
  }

  it('has no opinion on others', async () => {
    const a = attributes('get /secrets ns/s');
    for (const user of [
      { name: 'system:node:n1', groups: [] },
      { name: 'alice', groups: ['system:nodes'] },
    ]) {
      const decision = await authorizer.authorize({ ...a, user });
      assert.deepEqual(decision, { decision: 'noOpinion', reason: '' });
    }
    const nobody = { name: 'system:node:', groups: ['system:nodes'] };
    const decision = await authorizer.authorize({ ...a, user: nobody });
    assert.equal(decision.reason, 'unknown node for user "system:node:"');
  });
});

describe('selectors of requests', () => {
  it('are told as reviews tell them', () => {
    assert.deepEqual(fieldRequirements('a=b,c!=d'), [
      { key: 'a', operator: 'In', values: ['b'] },
      { key: 'c', operator: 'NotIn', values: ['d'] },
    ]);
    assert.deepEqual(labelRequirements('a in (b,c),!d,e'), [
      { key: 'a', operator: 'In', values: ['b', 'c'] },
      { key: 'd', operator: 'DoesNotExist', values: [] },
      { key: 'e', operator: 'Exists', values: [] },
    ]);
    assert.equal(fieldRequirements('nonsense'), undefined);
    assert.equal(labelRequirements('a in'), undefined);
  });
});
