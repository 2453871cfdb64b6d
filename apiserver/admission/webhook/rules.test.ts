import assert from 'node:assert/strict';
import { isExempt, ruleMatches } from './rules.ts';

const pods = { group: '', version: 'v1', resource: 'pods' };
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
const nodes = { group: '', version: 'v1', resource: 'nodes' };

describe('rules of webhooks', () => {
  const all = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };
  const create = { operation: 'CREATE', subresource: '', namespace: 'ns' } as const;
  const cases: [string, object, object, typeof pods, boolean][] = [
    ['everything', {}, {}, pods, true],
    ['a resource', { resources: ['pods'] }, {}, pods, true],
    ['another resource', { resources: ['pods'] }, {}, deployments, false],
    ['another group', { apiGroups: [''] }, {}, deployments, false],
    ['one of several groups', { apiGroups: ['', 'apps'] }, {}, deployments, true],
    ['another version', { apiVersions: ['v1beta1'] }, {}, deployments, false],
    ['an operation', { operations: ['UPDATE', 'CREATE'] }, {}, pods, true],
    ['another operation', { operations: ['DELETE'] }, {}, pods, false],
    ['no subresource', {}, { subresource: 'status' }, pods, false],
    ['every subresource of all', { resources: ['*/*'] }, { subresource: 'status' }, pods, true],
    ['the object as one of */*', { resources: ['*/*'] }, {}, pods, true],
    ['a subresource of all', { resources: ['*/scale'] }, { subresource: 'scale' }, pods, true],
    ['another subresource', { resources: ['*/scale'] }, { subresource: 'status' }, pods, false],
    ['all of a resource', { resources: ['pods/*'] }, { subresource: 'exec' }, pods, true],
    ['a resource with /*', { resources: ['pods/*'] }, {}, pods, true],
    ['a subresource', { resources: ['pods/exec'] }, { subresource: 'exec' }, pods, true],
    ['what is in a namespace', { scope: 'Namespaced' }, {}, pods, true],
    ['nothing cluster-wide', { scope: 'Namespaced' }, { namespace: '' }, nodes, false],
    ['no namespace', { scope: 'Namespaced' }, {}, namespaces, false],
    ['what is cluster-wide', { scope: 'Cluster' }, { namespace: '' }, nodes, true],
    ['namespaces as cluster-wide', { scope: 'Cluster' }, {}, namespaces, true],
    ['nothing in a namespace', { scope: 'Cluster' }, {}, pods, false],
    ['any scope', { scope: '*' }, {}, pods, true],
    ['no scope that nobody knows', { scope: 'Other' }, {}, pods, false],
  ];
  for (const [name, rule, request, resource, expected] of cases) {
    it(`name ${name}`, () => {
      assert.equal(ruleMatches({ ...all, ...rule }, { ...create, ...request }, resource), expected);
    });
  }

  it('are not asked about webhooks and policies themselves', () => {
    const group = 'admissionregistration.k8s.io';
    assert.ok(isExempt({ group, kind: 'ValidatingWebhookConfiguration' }));
    assert.ok(isExempt({ group, kind: 'MutatingAdmissionPolicyBinding' }));
    assert.ok(!isExempt({ group: 'apps', kind: 'MutatingWebhookConfiguration' }));
    assert.ok(!isExempt({ group: '', kind: 'Pod' }));
  });
});
