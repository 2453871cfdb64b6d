import assert from 'node:assert/strict';
import { AccessConditions } from './access-conditions.ts';
import type { AccessAttributes } from './authorizer.ts';

const list: AccessAttributes = {
  user: { name: 'alice', groups: ['dev'], extra: { a: ['1'] } },
  verb: 'list',
  resourceRequest: true,
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  subresource: '',
  namespace: 'ns',
  name: '',
  path: '',
  labelSelector: [{ key: 'app', operator: 'In', values: ['web'] }],
};
const health: AccessAttributes = {
  ...list,
  resourceRequest: false,
  verb: 'get',
  path: '/healthz',
};

describe('conditions of an authorization webhook', () => {
  const cases: [string, AccessAttributes, boolean | string][] = [
    ["request.user == 'alice' && 'dev' in request.groups", list, true],
    ["request.extra['a'] == ['1'] && request.uid == ''", list, true],
    ["request.resourceAttributes.namespace == 'kube-system'", list, false],
    ["request.resourceAttributes.labelSelector.requirements[0].key == 'app'", list, true],
    ['has(request.resourceAttributes.fieldSelector)', list, false],
    ['has(request.resourceAttributes)', health, false],
    ["request.nonResourceAttributes.path == '/healthz'", health, true],
    [
      "request.resourceAttributes.verb == 'get'",
      health,
      "cel evaluation error: expression 'request.resourceAttributes.verb == 'get'' resulted in error: no such key: resourceAttributes",
    ],
  ];
  for (const [text, attributes, expected] of cases) {
    it(`${text}: ${expected}`, () => {
      const match = new AccessConditions([text]).match(attributes);
      assert.equal(match instanceof Error ? match.message : match, expected);
    });
  }

  it('do not hold when one does not, whatever is wrong with others', () => {
    const wrong = "request.nonResourceAttributes.path == ''";
    assert.equal(new AccessConditions([wrong, 'false']).match(list), false);
    const both = new AccessConditions([wrong, `!(${wrong})`]).match(list);
    assert.ok(both instanceof Error);
    assert.match(both.message, /^\[cel evaluation error: .*, cel evaluation error: .*\]$/);
  });
});
