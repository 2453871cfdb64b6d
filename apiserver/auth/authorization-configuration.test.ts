import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type AuthOptions, defaultAuthOptions } from './auth-options.ts';
import { authorizersOf, parseAuthorizers } from './authorization-configuration.ts';

const here = fileURLToPath(import.meta.url);
const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n';
const webhook = (rest: object = {}) => ({
  type: 'Webhook',
  name: 'hook',
  webhook: {
    timeout: '3s',
    subjectAccessReviewVersion: 'v1',
    failurePolicy: 'Deny',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: here },
    ...rest,
  },
});
const parse = (...authorizers: object[]) =>
  parseAuthorizers(Buffer.from(`${head}authorizers: ${JSON.stringify(authorizers)}`));

const conditions = (...texts: string[]) =>
  webhook({
    matchConditionSubjectAccessReviewVersion: 'v1',
    matchConditions: texts.map((expression) => ({ expression })),
  });

describe('the configuration of authorizers', () => {
  it('may name several webhooks among the modes', () => {
    const [first, second, third] = parse(
      webhook(),
      { type: 'Node', name: 'node' },
      { ...webhook({ authorizedTTL: '1m' }), name: 'other' },
    );
    const { authorizedTTL, unauthorizedTTL, timeout, failurePolicy } = first!.webhook!;
    assert.deepEqual(
      [authorizedTTL, unauthorizedTTL, timeout, failurePolicy],
      [300_000, 30_000, 3_000, 'Deny'],
    );
    assert.equal(second!.type, 'Node');
    assert.equal(third!.webhook!.authorizedTTL, 60_000);
  });

  const node = { type: 'Node', name: 'node' };
  const refusals: [string, object[], RegExp][] = [
    ['no authorizers', [], /^authorizers: Required value: at least one authorization mode/],
    ['no type', [{ name: 'x' }], /^authorizers\[0\].type: Required value$/],
    ['another type', [{ type: 'X', name: 'x' }], /^authorizers\[0\].type: Unsupported value: "X"/],
    ['a type twice', [node, node], /^authorizers\[1\].type: Duplicate value: "Node"$/],
    ['a name twice', [webhook(), webhook()], /^authorizers\[1\].name: Duplicate value: "hook"$/],
    ['another name', [{ type: 'Node', name: 'x' }], /^expected name node for authorizer Node/],
    ['no name', [{ type: 'Node' }], /^authorizers\[0\].name: Required value$/],
    ['a bad name', [{ ...webhook(), name: 'X' }], /authorizer name is invalid/],
    ['no webhook', [{ type: 'Webhook', name: 'x' }], /webhook: Required value: required when/],
    ['a webhook too many', [{ ...webhook(), ...node }], /"non-null": may only be specified when/],
    [
      'a long wait',
      [webhook({ timeout: '31s' })],
      /timeout: Invalid value: "31s": must be > 0s and/,
    ],
    ['no wait', [webhook({ timeout: '0s' })], /timeout: Required value$/],
    [
      'another policy',
      [webhook({ failurePolicy: 'Allow' })],
      /supported values: "NoOpinion", "Deny"/,
    ],
    ['another version', [webhook({ subjectAccessReviewVersion: 'v2' })], /Unsupported value: "v2"/],
    [
      'a file that is none',
      [webhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'x' } })],
      /kubeConfigFile: Invalid value: "x": must be an absolute path/,
    ],
    [
      'another connection',
      [webhook({ connectionInfo: { type: 'InClusterConfig' } })],
      /connectionInfo.type: Unsupported value: "InClusterConfig"/,
    ],
    [
      'conditions of no version',
      [webhook({ matchConditions: [{ expression: 'true' }] })],
      /matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are/,
    ],
    [
      'a condition twice, or none',
      [conditions('true', 'true', ' ')],
      /\[1\].expression: Duplicate value: "true", .*\[2\].expression: Required value/,
    ],
    [
      'a condition that does not compile',
      [conditions('request.nobody == "a"')],
      /\[0\].expression: Invalid value: .*: compilation failed: .*undefined field 'nobody'/,
    ],
    [
      'a condition that is neither true nor false',
      [conditions('request.user')],
      /"request.user": must evaluate to bool but got string/,
    ],
    ['an unknown field', [webhook({ ttl: '1s' })], /unknown field "authorizers\[0\].webhook.ttl"/],
  ];
  for (const [what, authorizers, problem] of refusals) {
    it(`may not have ${what}`, () => {
      assert.throws(
        () => parse(...authorizers),
        (e: Error) => problem.test(e.message),
      );
    });
  }
});

describe('flags of authorization', () => {
  const types = (o: Partial<AuthOptions>) =>
    authorizersOf({ ...defaultAuthOptions, ...o }).map((a) => `${a.type} ${a.name}`);

  it('say which modes there are', () => {
    assert.deepEqual(types({}), ['Node node', 'RBAC rbac']);
    assert.deepEqual(types({ authorizationMode: ['AlwaysDeny'] }), ['AlwaysDeny alwaysdeny']);
    const [hook] = authorizersOf({
      ...defaultAuthOptions,
      authorizationMode: ['Webhook'],
      authorizationWebhookConfigFile: here,
      authorizationWebhookCacheAuthorizedTtl: 0,
    });
    assert.deepEqual(hook, {
      type: 'Webhook',
      name: 'default',
      webhook: {
        authorizedTTL: 0,
        cacheAuthorizedRequests: false,
        unauthorizedTTL: 30_000,
        cacheUnauthorizedRequests: true,
        timeout: 30_000,
        failurePolicy: 'NoOpinion',
        subjectAccessReviewVersion: 'v1beta1',
        connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: here },
      },
    });
  });

  const refusals: [string, Partial<AuthOptions>, RegExp][] = [
    ['none', { authorizationMode: [] }, /at least one authorization-mode must be passed/],
    ['others', { authorizationMode: ['X'] }, /authorization-mode "X" is not a valid mode/],
    ['one twice', { authorizationMode: ['Node', 'Node'] }, /has mode specified more than once/],
    ['ABAC alone', { authorizationMode: ['ABAC'] }, /ABAC's authorization policy file not passed/],
    [
      'Webhook alone',
      { authorizationMode: ['Webhook'] },
      /Webhook's authorization config file not/,
    ],
    ['a file alone', { authorizationPolicyFile: 'x' }, /--authorization-policy-file without mode/],
    [
      'a mode beside the configuration',
      { authorizationConfig: 'x', authorizationMode: ['Node'] },
      /--authorization-config can not be specified when --authorization-mode/,
    ],
  ];
  for (const [what, options, problem] of refusals) {
    it(`may not say ${what}`, () => {
      assert.throws(
        () => types(options),
        (e: Error) => problem.test(e.message),
      );
    });
  }
});
