import assert from 'node:assert/strict';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from './admission.ts';
import { forbiddenLabels } from './node-labels.ts';
import { nodeRestriction } from './node-restriction.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';

const user = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', controller: true };
const mirror = { 'kubernetes.io/config.mirror': 'x' };
const mirrorPod = (spec: object = {}, meta: object = {}) => ({
  metadata: { name: 'p', annotations: mirror, ownerReferences: [owner], ...meta },
  spec: { nodeName: 'n1', containers: [], ...spec },
});
const podOn = (nodeName: string, more: object = {}) => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'pod-uid' },
  spec: { nodeName },
  ...more,
});
const tokenFor = (ref: object, audiences: string[] = []) => ({
  spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', ...ref }, audiences },
});
const withToken = podOn('n1', {
  spec: {
    nodeName: 'n1',
    volumes: [
      { name: 't', projected: { sources: [{ serviceAccountToken: { audience: 'vault' } }] } },
      { name: 'd', projected: { sources: [{ serviceAccountToken: {} }] } },
    ],
  },
});

type Given = Partial<Record<keyof AdmissionAttributes, unknown>>;
const inGroup = (group: string, resource: string, more: Given): Given => ({
  group,
  resource,
  ...more,
});

const cases: [string, Given, string | undefined][] = [
  ['its mirror pod', { object: mirrorPod() }, undefined],
  [
    'an ordinary pod',
    { object: mirrorPod({}, { annotations: {} }) },
    'pods "p" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
  ],
  [
    'a pod of another node',
    { object: mirrorPod({ nodeName: 'n2' }) },
    'pods "p" is forbidden: node "n1" can only create pods with spec.nodeName set to itself',
  ],
  [
    'a pod without owner',
    { object: mirrorPod({}, { ownerReferences: [] }) },
    'pods "p" is forbidden: node "n1" can only create pods with an owner reference set to itself',
  ],
  [
    'an old uid',
    { object: mirrorPod({}, { ownerReferences: [{ ...owner, uid: 'old' }] }) },
    'pods "p" is forbidden: node n1 UID mismatch: expected old got u1',
  ],
  [
    'a pod that mounts a claim',
    {
      object: mirrorPod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
    },
    'pods "p" is forbidden: node "n1" can not create pods that reference persistentvolumeclaims',
  ],
  [
    'an update of a pod',
    { operation: 'UPDATE', object: mirrorPod(), oldObject: mirrorPod() },
    'pods "p" is forbidden: unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
  ],
  ['the delete of its pod', { operation: 'DELETE', oldObject: podOn('n1') }, undefined],
  [
    'the delete of another pod',
    { operation: 'DELETE', oldObject: podOn('n2') },
    'pods "p" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
  ],
  [
    'the status of its pod',
    { operation: 'UPDATE', subresource: 'status', object: podOn('n1'), oldObject: podOn('n1') },
    undefined,
  ],
  [
    'the status of another pod',
    { operation: 'UPDATE', subresource: 'status', object: podOn('n2'), oldObject: podOn('n2') },
    'pods "p" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'labels through the status',
    {
      operation: 'UPDATE',
      subresource: 'status',
      object: { ...podOn('n1'), metadata: { name: 'p', labels: { a: 'b' } } },
      oldObject: podOn('n1'),
    },
    'pods "p" is forbidden: node "n1" cannot update labels through pod status',
  ],
  [
    'a binding',
    { subresource: 'binding', object: {}, name: 'p' },
    `pods "p" is forbidden: unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`,
  ],
  ['its node', { resource: 'nodes', name: 'n1', object: { metadata: { name: 'n1' } } }, undefined],
  [
    'another node',
    { resource: 'nodes', name: 'n2', object: { metadata: { name: 'n2' } } },
    'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
  ],
  [
    'labels that steer pods',
    {
      resource: 'nodes',
      name: 'n1',
      object: { metadata: { name: 'n1', labels: { 'x.node-restriction.kubernetes.io/a': 'b' } } },
    },
    'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: x.node-restriction.kubernetes.io/a',
  ],
  [
    'other taints',
    {
      resource: 'nodes',
      name: 'n1',
      operation: 'UPDATE',
      object: { metadata: { name: 'n1' }, spec: {} },
      oldObject: { metadata: { name: 'n1' }, spec: { taints: [{ key: 'a' }] } },
    },
    'nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
  ],
  [
    'its lease',
    inGroup('coordination.k8s.io', 'leases', {
      namespace: 'kube-node-lease',
      object: { metadata: { name: 'n1' } },
    }),
    undefined,
  ],
  [
    'a lease elsewhere',
    inGroup('coordination.k8s.io', 'leases', { object: { metadata: { name: 'n1' } } }),
    'leases.coordination.k8s.io "n1" is forbidden: can only access leases in the "kube-node-lease" system namespace',
  ],
  [
    'another CSINode',
    inGroup('storage.k8s.io', 'csinodes', { object: { metadata: { name: 'n2' } } }),
    'csinodes.storage.k8s.io "n2" is forbidden: can only access CSINode with the same name as the requesting node',
  ],
  [
    'a slice of another node',
    inGroup('resource.k8s.io', 'resourceslices', {
      object: { metadata: { name: 's' }, spec: { nodeName: 'n2' } },
    }),
    'resourceslices.resource.k8s.io "s" is forbidden: can only create ResourceSlice with the same NodeName as the requesting node',
  ],
  [
    'more of a claim than its size',
    {
      resource: 'persistentvolumeclaims',
      name: 'c',
      object: {},
    },
    'persistentvolumeclaims "c" is forbidden: may only update PVC status',
  ],
  [
    'a token bound to no pod',
    { resource: 'serviceaccounts', subresource: 'token', name: 'default', object: { spec: {} } },
    'serviceaccounts "default" is forbidden: node requested token not bound to a pod',
  ],
  [
    'a token of its pod',
    {
      resource: 'serviceaccounts',
      subresource: 'token',
      name: 'default',
      object: tokenFor({ uid: 'pod-uid' }, ['vault']),
    },
    undefined,
  ],
  [
    'a token of another pod by that name',
    {
      resource: 'serviceaccounts',
      subresource: 'token',
      name: 'default',
      object: tokenFor({ uid: 'old' }),
    },
    'serviceaccounts "default" is forbidden: the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated',
  ],
  [
    'a token for an audience that the pod does not name',
    {
      resource: 'serviceaccounts',
      subresource: 'token',
      name: 'default',
      object: tokenFor({ uid: 'pod-uid' }, ['other']),
    },
    'serviceaccounts "default" is forbidden: audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
  ],
  [
    'a token for a pod that is gone',
    {
      resource: 'serviceaccounts',
      subresource: 'token',
      name: 'default',
      object: tokenFor({ uid: 'x', name: 'gone' }),
    },
    'pod "gone" not found',
  ],
  ['things that are not a node’s concern', { resource: 'configmaps', object: {} }, undefined],
];

describe('NodeRestriction', () => {
  const env = testEnvironment({
    nodes: [{ metadata: { name: 'n1', uid: 'u1' } }],
    pods: [withToken as KubeObject],
  });
  const plugin = nodeRestriction(env);
  for (const [what, given, expected] of cases) {
    it(`judges ${what}`, async () => {
      const a = attributes({ user, ...given } as Partial<AdmissionAttributes>);
      assert.equal(await judge(plugin, a), expected);
    });
  }

  it('does not concern others', () => {
    assert(!plugin.handles(attributes({ object: {} })));
    assert(!plugin.handles(attributes({ user: { name: 'system:node:x', groups: [] } })));
  });

  it('knows which labels a node may set', () => {
    const labels = Object.fromEntries(
      [
        'app',
        'example.com/a',
        'kubernetes.io/hostname',
        'beta.kubernetes.io/os',
        'node.kubernetes.io/x',
        'a.kubelet.kubernetes.io/x',
        'node-restriction.kubernetes.io/x',
        'kubernetes.io/foo',
        'a.k8s.io/foo',
      ].map((l) => [l, '']),
    );
    assert.deepEqual(forbiddenLabels(labels, undefined), [
      'a.k8s.io/foo',
      'kubernetes.io/foo',
      'node-restriction.kubernetes.io/x',
    ]);
    assert.deepEqual(forbiddenLabels(labels, labels), []);
    assert.deepEqual(forbiddenLabels({}, { 'kubernetes.io/foo': '' }), ['kubernetes.io/foo']);
  });
});
