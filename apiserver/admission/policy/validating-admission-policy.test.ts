import assert from 'node:assert/strict';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { attributes, testEnvironment } from '../test-environment.ts';
import { validatingAdmissionPolicy } from './validating-admission-policy.ts';

const group = 'admissionregistration.k8s.io';
const everywhere = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} };
const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] };
const object = (name: string, rest: object): KubeObject =>
  ({ metadata: { name }, ...rest }) as KubeObject;
const configMap = (name: string, data?: Record<string, string>): KubeObject =>
  object(name, { metadata: { name, namespace: 'ns' }, ...(data === undefined ? {} : { data }) });

interface Asked {
  readonly status: number | undefined;
  readonly message: string | undefined;
  readonly warnings: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Asks the policy `p` with the binding `b`, in the namespace `ns`, about a config map. */
async function ask(
  policy: object,
  binding: object = {},
  given: Partial<AdmissionAttributes> = {},
  params: readonly KubeObject[] = [],
): Promise<Asked> {
  const env = {
    ...testEnvironment(
      {
        [`validatingadmissionpolicies.${group}`]: [
          object('p', {
            spec: {
              failurePolicy: 'Fail',
              matchConstraints: { ...everywhere, resourceRules: [rule] },
              ...policy,
            },
          }),
        ],
        [`validatingadmissionpolicybindings.${group}`]: [
          object('b', { spec: { policyName: 'p', validationActions: ['Deny'], ...binding } }),
        ],
        namespaces: [object('ns', { metadata: { name: 'ns', labels: { a: 'b' } } })],
        configmaps: [...params],
      },
      ({ user, verb }) => user.name === 'alice' && verb === 'use',
    ),
    resourcesOf: (apiVersion: string, kind: string) =>
      apiVersion === 'v1' && kind === 'ConfigMap'
        ? [{ group: '', version: 'v1', plural: 'configmaps', namespaced: true }]
        : [],
  };
  const warnings: string[] = [];
  const annotations: Record<string, string> = {};
  const plugin = validatingAdmissionPolicy(env);
  const a = attributes({
    resource: 'configmaps',
    kind: 'ConfigMap',
    object: configMap('c', { size: '7' }),
    warn: (text) => warnings.push(text),
    annotate: (key, value) => {
      annotations[key] = value;
    },
    ...given,
  });
  try {
    if (plugin.handles(a)) await plugin.validate!(a);
    return { status: undefined, message: undefined, warnings, annotations };
  } catch (e) {
    assert.ok(e instanceof StatusError);
    const causes = e.details?.causes?.map((c) => c.message);
    const message = e.message.replace('configmaps "c" is forbidden: ', '');
    assert.deepEqual(causes, [message]);
    return { status: e.code, message, warnings, annotations };
  }
}

const says = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";
const validation = (expression: string, rest: object = {}) => ({
  validations: [{ expression, ...rest }],
});

describe('validating admission policies', () => {
  const verdicts: [string, object, object, string | undefined][] = [
    ['let pass what is right', validation('object.data.size == "7"'), {}, undefined],
    [
      'refuse what is wrong, and say so',
      validation(' object.data.size == "8" '),
      {},
      'failed expression: object.data.size == "8"',
    ],
    ['have a message', validation('false', { message: ' no ' }), {}, 'no'],
    [
      'work a message out',
      validation('false', { message: 'no', messageExpression: '"is " + object.data.size' }),
      {},
      'is 7',
    ],
    [
      'fall back on the message where that fails',
      validation('false', { message: 'no', messageExpression: 'object.x' }),
      {},
      'no',
    ],
    [
      'refuse what cannot be told',
      validation('object.data.x == "7"'),
      {},
      'expression \'object.data.x == "7"\' resulted in error: no such key: x',
    ],
    [
      'ignore that if they are to',
      { ...validation('object.data.x == "7"'), failurePolicy: 'Ignore' },
      {},
      undefined,
    ],
    [
      'refuse what does not compile',
      validation('foo'),
      {},
      "compilation error: compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^",
    ],
    [
      'have variables that build on one another',
      {
        variables: [
          { name: 'n', expression: 'int(object.data.size)' },
          { name: 'twice', expression: 'variables.n * 2' },
        ],
        ...validation('variables.twice < 10', { messageExpression: 'string(variables.twice)' }),
      },
      {},
      '14',
    ],
    [
      'tell which variable failed',
      {
        variables: [{ name: 'n', expression: 'int(object.data.none)' }],
        ...validation('variables.n == 1'),
      },
      {},
      'expression \'variables.n == 1\' resulted in error: composited variable "n" fails to evaluate: no such key: none',
    ],
    [
      'know the request',
      validation(
        'request.operation == "CREATE" && request.userInfo.username == "alice" && request.resource.resource == "configmaps" && !has(request.subResource) && request.options.kind == "CreateOptions" && oldObject == null',
      ),
      {},
      undefined,
    ],
    ['know the namespace', validation('namespaceObject.metadata.labels.a == "b"'), {}, undefined],
    [
      'ask the authorizers',
      validation(
        'authorizer.requestResource.check("use").allowed() && !authorizer.serviceAccount("ns", "x").group("").resource("y").check("use").allowed()',
      ),
      {},
      undefined,
    ],
    [
      'may cost too much',
      validation(
        '[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, authorizer.path("/x").check("use").allowed()))',
      ),
      {},
      'expression \'[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, authorizer.path("/x").check("use").allowed()))\' resulted in error: operation cancelled: actual cost limit exceeded',
    ],
    [
      'are not asked where a condition does not hold',
      { ...validation('false'), matchConditions: [{ name: 'a', expression: 'oldObject != null' }] },
      {},
      undefined,
    ],
    [
      'are not asked for other namespaces',
      validation('false'),
      { matchResources: { ...everywhere, namespaceSelector: { matchLabels: { a: 'c' } } } },
      undefined,
    ],
    [
      'are not asked about what is excluded',
      {
        ...validation('false'),
        matchConstraints: {
          ...everywhere,
          resourceRules: [rule],
          excludeResourceRules: [{ ...rule, resourceNames: ['c'] }],
        },
      },
      {},
      undefined,
    ],
    [
      'need parameters of a kind that there is',
      { ...validation('true'), paramKind: { apiVersion: 'a/v1', kind: 'X' } },
      {},
      "failed to configure policy: failed to find resource referenced by paramKind: 'a/v1, Kind=X'",
    ],
    [
      'need parameters',
      { ...validation('true'), paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
      { paramRef: { name: 'none', parameterNotFoundAction: 'Deny' } },
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    ],
    [
      'do without parameters',
      { ...validation('false'), paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
      { paramRef: { name: 'none', parameterNotFoundAction: 'Allow' } },
      undefined,
    ],
    [
      'are asked with each of their parameters',
      {
        ...validation('object.data.size != params.data.not', {
          messageExpression: '"not " + params.data.not',
        }),
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      },
      { paramRef: { selector: {}, parameterNotFoundAction: 'Deny' } },
      'not 7',
    ],
  ];
  for (const [what, policy, binding, expected] of verdicts) {
    it(what, async () => {
      const params = [configMap('x', { not: '6' }), configMap('y', { not: '7' })];
      const { message, status } = await ask(policy, binding, {}, params);
      const whole = expected?.startsWith('failed to configure policy')
        ? `ValidatingAdmissionPolicy 'p' denied request: ${expected}`
        : expected && says + expected;
      assert.equal(message, whole);
      assert.equal(status, expected === undefined ? undefined : 422);
    });
  }

  it('answer with their reason', async () => {
    const { status } = await ask(validation('false', { reason: 'RequestEntityTooLarge' }));
    assert.equal(status, 413);
  });

  it('warn and tell the audit log', async () => {
    const { status, warnings, annotations } = await ask(
      {
        ...validation('false', { message: 'no' }),
        auditAnnotations: [
          { key: 'size', valueExpression: 'string(object.data.size)' },
          { key: 'none', valueExpression: 'null' },
        ],
      },
      { validationActions: ['Warn', 'Audit'] },
    );
    assert.equal(status, undefined);
    assert.deepEqual(warnings, [
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no",
    ]);
    assert.deepEqual(annotations, {
      'p/size': '7',
      'validation.policy.admission.k8s.io/validation_failure':
        '[{"message":"no","policy":"p","binding":"b","expressionIndex":0,"validationActions":["Warn","Audit"]}]',
    });
  });

  it('are not asked about themselves, nor about reviews', async () => {
    const everything = {
      ...validation('false'),
      matchConstraints: {
        ...everywhere,
        resourceRules: [{ ...rule, apiGroups: ['*'], resources: ['*'] }],
      },
    };
    const asked = (of: string, resource: string) =>
      ask(everything, {}, { group: of, resource, object: object('c', {}) });
    assert.equal((await asked(group, 'validatingadmissionpolicies')).status, undefined);
    assert.equal((await asked('authorization.k8s.io', 'subjectaccessreviews')).status, undefined);
  });

  it('wait for authorizers that have to', async () => {
    let asked = 0;
    const env = {
      ...testEnvironment({
        [`validatingadmissionpolicies.${group}`]: [
          object('p', {
            spec: {
              matchConstraints: { ...everywhere, resourceRules: [rule] },
              ...validation(
                'authorizer.path("/a").check("get").allowed() && !authorizer.path("/b").check("get").allowed()',
              ),
            },
          }),
        ],
        [`validatingadmissionpolicybindings.${group}`]: [
          object('b', { spec: { policyName: 'p', validationActions: ['Deny'] } }),
        ],
      }),
      decide: async ({ path }: { readonly path: string }) => {
        asked++;
        const decision = path === '/a' ? ('allow' as const) : ('noOpinion' as const);
        return { decision, reason: '' };
      },
    };
    const plugin = validatingAdmissionPolicy(env);
    await plugin.validate!(
      attributes({
        resource: 'configmaps',
        kind: 'ConfigMap',
        object: configMap('c'),
        namespace: '',
      }),
    );
    assert.equal(asked, 2);
  });
});
