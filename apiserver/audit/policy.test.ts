import assert from 'node:assert/strict';
import { type AuditedRequest, PolicyEvaluator, type PolicyRule } from './policy.ts';
import { parsePolicy } from './policy-file.ts';

const pods: AuditedRequest = {
  user: { name: 'alice', groups: ['devs', 'system:authenticated'] },
  verb: 'get',
  resourceRequest: true,
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'ns',
  name: 'p',
  path: '/api/v1/namespaces/ns/pods/p',
};
const log = { ...pods, subresource: 'log' };
const version = { ...pods, resourceRequest: false, resource: '', namespace: '', path: '/version' };
const nodes = { ...pods, resource: 'nodes', namespace: '' };

describe('a rule of the audit policy', () => {
  const cases: [string, Omit<PolicyRule, 'level'>, AuditedRequest, boolean][] = [
    ['of nothing', {}, pods, true],
    ['of nothing, for another path', {}, version, true],
    ['of a user', { users: ['alice'] }, pods, true],
    ['of another user', { users: ['bob'] }, pods, false],
    ['of a user, for nobody', { users: ['alice'] }, { ...pods, user: undefined }, false],
    ['of a group', { userGroups: ['devs'] }, pods, true],
    ['of another group', { userGroups: ['ops'] }, pods, false],
    ['of a verb', { verbs: ['get'] }, pods, true],
    ['of another verb', { verbs: ['list'] }, pods, false],
    ['of a namespace', { namespaces: ['ns'] }, pods, true],
    ['of another namespace', { namespaces: ['other'] }, pods, false],
    ['of no namespace', { namespaces: [''] }, nodes, true],
    ['of a namespace, for another path', { namespaces: ['', 'ns'] }, version, false],
    ['of a group of the API', { resources: [{ group: '' }] }, pods, true],
    ['of another group of the API', { resources: [{ group: 'apps' }] }, pods, false],
    ['of every group of the API', { resources: [{ group: '*' }] }, pods, true],
    ['of a resource', { resources: [{ resources: ['pods'] }] }, pods, true],
    ['of a resource, for what is below', { resources: [{ resources: ['pods'] }] }, log, false],
    ['of a subresource', { resources: [{ resources: ['pods/log'] }] }, log, true],
    ['of all below a resource', { resources: [{ resources: ['pods/*'] }] }, log, true],
    ['of all below a resource, for it', { resources: [{ resources: ['pods/*'] }] }, pods, true],
    ['of a subresource of all', { resources: [{ resources: ['*/log'] }] }, log, true],
    ['of another one of all', { resources: [{ resources: ['*/status'] }] }, log, false],
    ['of all resources', { resources: [{ resources: ['*'] }] }, log, true],
    ['of a name', { resources: [{ resources: ['pods'], resourceNames: ['p'] }] }, pods, true],
    ['of another name', { resources: [{ resources: ['*'], resourceNames: ['q'] }] }, pods, false],
    ['of a path', { nonResourceURLs: ['/version'] }, version, true],
    ['of a path, for a resource', { nonResourceURLs: ['*'] }, pods, false],
    ['of paths that begin so', { nonResourceURLs: ['/ver*'] }, version, true],
    ['of other paths', { nonResourceURLs: ['/healthz*'] }, version, false],
  ];
  for (const [what, rule, request, expected] of cases) {
    it(what, () => {
      const evaluator = new PolicyEvaluator({ rules: [{ ...rule, level: 'Metadata' }] });
      assert.equal(evaluator.evaluate(request) !== undefined, expected);
    });
  }

  it('decides when it is the first that matches', () => {
    const evaluator = new PolicyEvaluator({
      rules: [
        { level: 'None', users: ['alice'] },
        { level: 'Request', omitStages: ['Panic'], omitManagedFields: false },
      ],
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
    });
    assert.equal(evaluator.evaluate(pods), undefined);
    const other = { ...pods, user: { name: 'bob', groups: [] } };
    assert.deepEqual(evaluator.evaluate(other), {
      level: 'Request',
      omitStages: new Set(['RequestReceived', 'Panic']),
      omitManagedFields: false,
    });
  });
});

describe('the file of the audit policy', () => {
  const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
  it('is read as YAML', () => {
    const policy = parsePolicy(Buffer.from(`${head}rules:\n- level: Metadata\n  verbs: [get]\n`));
    assert.deepEqual(policy.rules, [{ level: 'Metadata', verbs: ['get'] }]);
  });

  const refusals: [string, string, RegExp][] = [
    ['no rules', `${head}rules: []\n`, /^loaded illegal policy with 0 rules$/],
    ['no level', `${head}rules: [{}]\n`, /^rules\[0\].level: Required value$/],
    ['another level', `${head}rules: [{level: All}]`, /rules\[0\].level: Unsupported value: "All"/],
    ['fields nobody knows', `${head}rules: [{level: None, x: 1}]`, /unknown field "rules\[0\].x"/],
    ['another kind', 'apiVersion: v1\nkind: Pod\n', /audit.k8s.io\/v1|Pod/],
    ['no kind', 'rules: [{level: None}]', /apiVersion and kind must be/],
    [
      'another stage',
      `${head}omitStages: [x]\nrules: [{level: None}]`,
      /^omitStages\[0\]: Invalid value: "x": allowed stages are RequestReceived,ResponseStarted/,
    ],
    [
      'paths that are none',
      `${head}rules: [{level: None, nonResourceURLs: [version, /a*b]}]`,
      /must begin with a '\/' character, rules\[0\].*wildcards '\*' must be the final character/,
    ],
    [
      'resources and paths',
      `${head}rules: [{level: None, nonResourceURLs: [/a], namespaces: [b]}]`,
      /rules cannot apply to both regular resources and non-resource URLs/,
    ],
    [
      'groups with a version, names without resources',
      `${head}rules: [{level: None, resources: [{group: apps/v1, resourceNames: [a]}]}]`,
      /rules\[0\].resources.group: Invalid value.*using resourceNames requires at least one/,
    ],
  ];
  for (const [what, text, problem] of refusals) {
    it(`is refused with ${what}`, () => {
      assert.throws(
        () => parsePolicy(Buffer.from(text)),
        (e: Error) => problem.test(e.message),
      );
    });
  }
});
