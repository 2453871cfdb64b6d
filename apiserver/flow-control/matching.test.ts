/** Which requests a FlowSchema matches. */
import assert from 'node:assert/strict';
import type { FlowSchema } from '../../machinery/schema/wire.ts';
import { parseRequestInfo } from '../server/request-info.ts';
import { Classifier } from './classifier.ts';
import { byPrecedence, rulesOf } from './matching.ts';

const pods = {
  verbs: ['get', 'list'],
  apiGroups: [''],
  resources: ['pods', 'pods/status'],
  namespaces: ['a'],
};
const everything = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
};
const group = { kind: 'Group', group: { name: 'devs' } };

function schema(rule: object, name = 'x', matchingPrecedence = 1): FlowSchema {
  const spec = { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence, rules: [rule] };
  return { metadata: { name }, spec } as unknown as FlowSchema;
}

function matches(rule: object, path: string, user = 'alice', groups = ['devs'], method = 'GET') {
  const info = parseRequestInfo(method, path, { watch: false, selectedName: undefined });
  return rulesOf(schema(rule)).some((r) => r.ofUser({ name: user, groups }) && r.ofRequest(info));
}

describe('matching of flow schemas', () => {
  const ofPods = { subjects: [group], resourceRules: [pods] };
  const resourceCases: [string, string, boolean][] = [
    ['a resource in a namespace', '/api/v1/namespaces/a/pods/x', true],
    ['a subresource that is named', '/api/v1/namespaces/a/pods/x/status', true],
    ['a subresource that is not', '/api/v1/namespaces/a/pods/x/log', false],
    ['another namespace', '/api/v1/namespaces/b/pods/x', false],
    ['all namespaces, without clusterScope', '/api/v1/pods', false],
    ['another group', '/apis/apps/v1/namespaces/a/pods', false],
    ['another resource', '/api/v1/namespaces/a/secrets', false],
    ['a path that is no resource', '/healthz', false],
  ];
  for (const [what, path, expected] of resourceCases) {
    it(`${expected ? 'takes' : 'leaves'} ${what}`, () => {
      assert.equal(matches(ofPods, path), expected);
    });
  }

  it('asks for the verb', () => {
    assert.equal(matches(ofPods, '/api/v1/namespaces/a/pods/x', 'a', ['devs'], 'DELETE'), false);
  });

  it('takes everything by stars', () => {
    const all = { subjects: [group], resourceRules: [everything] };
    for (const path of ['/api/v1/nodes', '/apis/apps/v1/namespaces/q/deployments/x/scale']) {
      assert.equal(matches(all, path), true);
    }
    assert.equal(matches(all, '/version'), false);
  });

  const subjectCases: [object, string, string[], boolean][] = [
    [{ kind: 'User', user: { name: 'alice' } }, 'alice', [], true],
    [{ kind: 'User', user: { name: '*' } }, 'bob', [], true],
    [{ kind: 'User', user: { name: 'alice' } }, 'bob', [], false],
    [{ kind: 'User' }, 'alice', [], false],
    [{ kind: 'Group', group: { name: '*' } }, 'bob', [], true],
    [{ kind: 'Group', group: { name: 'x' } }, 'bob', ['y', 'x'], true],
    [
      { kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: 's' } },
      'system:serviceaccount:n:s',
      [],
      true,
    ],
    [
      { kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: '*' } },
      'system:serviceaccount:n:other',
      [],
      true,
    ],
    [
      { kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: '*' } },
      'system:serviceaccount:nn:s',
      [],
      false,
    ],
  ];
  for (const [subject, user, groups, expected] of subjectCases) {
    it(`${JSON.stringify(subject)} ${expected ? 'is' : 'is not'} ${user}`, () => {
      const rule = { subjects: [subject], resourceRules: [everything] };
      assert.equal(matches(rule, '/api/v1/pods', user, groups), expected);
    });
  }

  const pathCases: [string, string, boolean][] = [
    ['*', '/anything', true],
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/ping', true],
    ['/healthz', '/healthzz', false],
    ['/logs/*', '/logs/a/b', true],
    ['/logs*', '/logs/a', true],
  ];
  for (const [rulePath, path, expected] of pathCases) {
    it(`the path ${rulePath} ${expected ? 'takes' : 'leaves'} ${path}`, () => {
      const nonResourceRules = [{ verbs: ['get'], nonResourceURLs: [rulePath] }];
      assert.equal(matches({ subjects: [group], nonResourceRules }, path), expected);
    });
  }

  it('remembers users, and knows when their groups have changed', () => {
    const only = (name: string) => [{ kind: 'Group', group: { name } }];
    const rules = (name: string) =>
      rulesOf(schema({ subjects: only(name), resourceRules: [everything] }));
    const classifier = new Classifier([
      { flow: 'a', rules: rules('a') },
      { flow: 'b', rules: rules('b') },
      { flow: 'last', rules: [] },
    ]);
    const info = parseRequestInfo('GET', '/api/v1/pods', { watch: false, selectedName: undefined });
    for (const group of ['a', 'b', 'a', 'c']) {
      const expected = group === 'c' ? 'last' : group;
      assert.equal(classifier.flowOf({ name: 'u', groups: [group] }, info), expected);
    }
  });

  it('orders by precedence, then by name', () => {
    const sorted = [schema({ subjects: [] }, 'b', 2), schema({ subjects: [] }, 'c', 1)]
      .concat(schema({ subjects: [] }, 'a', 2))
      .sort(byPrecedence);
    assert.deepEqual(
      sorted.map((s) => s.metadata?.name),
      ['c', 'a', 'b'],
    );
  });
});
