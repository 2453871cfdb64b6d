import type { Loose } from '../core/test-registry.ts';
import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'admissionregistration.k8s.io/v1';
const rule = { apiGroups: ['g'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['x'] };
const hook = (fields: object): Loose => ({
  metadata: { name: 'a' },
  webhooks: [
    {
      name: 'a.b.c',
      clientConfig: { url: 'https://h/' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [rule],
      ...fields,
    },
  ],
});
const withResources = (...resources: string[]): Loose => hook({ rules: [{ ...rule, resources }] });
const at = 'webhooks[0].rules[0].resources';

describeCreates(v1, 'validatingwebhookconfigurations', [
  ['are complete', hook({}), []],
  [
    'have webhooks with long names',
    hook({ name: 'a.b' }),
    [
      'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three ' +
        'segments separated by dots',
    ],
  ],
  [
    'name their webhooks apart',
    { metadata: { name: 'a' }, webhooks: [hook({}).webhooks[0], hook({}).webhooks[0]] },
    ['webhooks[1].name: Duplicate value: "a.b.c"'],
  ],
  [
    'take all or some resources',
    withResources('*', 'x'),
    [
      `${at}: Invalid value: ["*","x"]: if '*' is present, must not specify other ` +
        'resources without subresources',
    ],
  ],
  [
    'take all subresources or some',
    withResources('x/*', 'x/y', '*/z', 'w/z'),
    [
      `${at}[1]: Invalid value: "x/y": if 'x/*' is present, must not specify x/y`,
      `${at}[3]: Invalid value: "w/z": if '*/z' is present, must not specify w/z`,
    ],
  ],
  [
    'take everything at once',
    withResources('*/*', 'x'),
    [`${at}: Invalid value: ["*/*","x"]: if '*/*' is present, must not specify other resources`],
  ],
  [
    'have conditions with names of their own',
    hook({
      matchConditions: [
        { name: 'a', expression: 'object.metadata.name == "x"' },
        { name: 'a', expression: ' ' },
      ],
    }),
    [
      'webhooks[0].matchConditions[1].expression: Required value',
      'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
    ],
  ],
  [
    'have conditions that compile, are true or false, and know no parameters',
    hook({
      matchConditions: [
        { name: 'a', expression: ' params.x ' },
        { name: 'b', expression: 'request.name' },
        { name: 'c', expression: 'object.spec.on' },
      ],
    }),
    [
      'webhooks[0].matchConditions[0].expression: Invalid value: "params.x": compilation failed: ' +
        "ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^",
      'webhooks[0].matchConditions[1].expression: Invalid value: "request.name": must evaluate to ' +
        'bool but got string',
      'webhooks[0].matchConditions[2].expression: Invalid value: "object.spec.on": must evaluate ' +
        'to bool but got dyn',
    ],
  ],
  [
    'speak a version that the server knows',
    hook({ admissionReviewVersions: ['v2', 'v2'] }),
    [
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at ' +
        'least one of v1, v1beta1',
    ],
  ],
]);

describeUpdates(v1, 'mutatingwebhookconfigurations', [
  [
    'can be changed',
    hook({}),
    (c) => (c.webhooks[0].reinvocationPolicy = 'X'),
    [
      'webhooks[0].reinvocationPolicy: Unsupported value: "X": supported values: ' +
        '"IfNeeded", "Never"',
    ],
  ],
]);

const policy = (spec: object): Loose => ({
  metadata: { name: 'a' },
  spec: {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: 'true' }],
    ...spec,
  },
});

describeCreates(v1, 'validatingadmissionpolicies', [
  ['are complete', policy({}), []],
  [
    'say something',
    policy({ validations: [] }),
    [
      'spec.validations: Required value: validations or auditAnnotations must contain at ' +
        'least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must ' +
        'contain at least one item',
    ],
  ],
  [
    'name variables as CEL does',
    policy({
      variables: [
        { name: 'in', expression: '1' },
        { name: 'ok', expression: '' },
      ],
    }),
    [
      'spec.variables[0].name: Invalid value: "in": must be a valid CEL identifier',
      'spec.variables[1].expression: Required value: expression is not specified',
    ],
  ],
  [
    'know the types of variables, from when they are there on',
    policy({
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '[1]' },
      ],
      validations: [{ expression: 'variables.b.all(x, x == "a")' }],
      auditAnnotations: [{ key: 'k', valueExpression: ' variables.b ' }],
    }),
    [
      'spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: ' +
        "<input>:1:10: undefined field 'b'\n | variables.b\n | .........^",
      'spec.validations[0].expression: Invalid value: "variables.b.all(x, x == \\"a\\")": ' +
        "compilation failed: ERROR: <input>:1:22: found no matching overload for '_==_' applied " +
        `to '(int, string)'\n | variables.b.all(x, x == "a")\n | .....................^`,
      'spec.auditAnnotations[0].valueExpression: Invalid value: " variables.b ": must evaluate to ' +
        'one of [string null_type] but got list(int)',
    ],
  ],
  [
    'ask the authorizer in validations, not in messages',
    policy({
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [{ name: 'a', expression: 'params.data.on == "yes"' }],
      validations: [
        {
          expression: 'authorizer.requestResource.check("use").allowed()',
          messageExpression: 'authorizer.path("/x").check("get").reason()',
        },
      ],
    }),
    [
      'spec.validations[0].messageExpression: Invalid value: "authorizer.path(\\"/x\\").check(' +
        '\\"get\\").reason()": compilation failed: ERROR: <input>:1:1: undeclared reference to ' +
        `'authorizer' (in container '')\n | authorizer.path("/x").check("get").reason()\n | ^`,
    ],
  ],
  [
    'have a kind of parameters that can be',
    policy({ paramKind: { apiVersion: 'a/b/c', kind: 'K_' } }),
    [
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      'spec.paramKind.kind: Invalid value: "K_": may have mixed case, but should ' +
        'otherwise match: a DNS-1035 label…',
    ],
  ],
  [
    'have a reason that the server knows',
    policy({ validations: [{ expression: 'true', reason: 'X', message: ' ' }] }),
    [
      'spec.validations[0].message: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].reason: Unsupported value: "X": supported values: ' +
        '"Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
  ],
]);

describeUpdates(v1, 'validatingadmissionpolicies', [
  [
    'have complete warnings',
    policy({}),
    (p) => (p.status = { typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] } }),
    [
      'status.typeChecking.expressionWarnings[0].warning: Required value',
      'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    ],
    'status',
  ],
]);

const step = '[JSONPatch{op: "remove", path: "/data"}]';
const mutation = { patchType: 'JSONPatch', jsonPatch: { expression: step } };
const mutating = (spec: object): Loose => ({
  metadata: { name: 'a' },
  spec: {
    matchConstraints: { resourceRules: [rule] },
    mutations: [mutation],
    reinvocationPolicy: 'Never',
    ...spec,
  },
});

describeCreates(v1, 'mutatingadmissionpolicies', [
  ['are complete', mutating({}), []],
  [
    'make what they announce',
    mutating({
      mutations: [
        { patchType: 'JSONPatch', jsonPatch: { expression: '[]' } },
        { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: 1}]' } },
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object.spec{replicas: 1}' },
        },
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 1}}' },
        },
      ],
    }),
    [
      'spec.mutations[0].jsonPatch.expression: Invalid value: "[]": must evaluate to ' +
        'list(JSONPatch) but got list(dyn)',
      'spec.mutations[1].jsonPatch.expression: Invalid value: "[JSONPatch{op: 1}]": compilation ' +
        "failed: ERROR: <input>:1:14: expected type of field 'op' is 'string' but provided type " +
        "is 'int'\n | [JSONPatch{op: 1}]\n | .............^",
      'spec.mutations[2].applyConfiguration.expression: Invalid value: "Object.spec{replicas: 1}"' +
        ': must evaluate to Object but got Object.spec',
    ],
  ],
  [
    'are not for deletes',
    mutating({
      matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] },
      matchConditions: [{ name: '', expression: 'true' }],
    }),
    [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": ' +
        'supported values: "*", "CONNECT", "CREATE", "UPDATE"',
      'spec.matchConditions[0].name: Required value',
    ],
  ],
  [
    'have the patch that they announce',
    mutating({ mutations: [{ ...mutation, patchType: 'ApplyConfiguration' }] }),
    [
      'spec.mutations[0].applyConfiguration: Required value: must be specified when ' +
        'patchType is ApplyConfiguration',
      'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified ' +
        'when patchType is ApplyConfiguration',
    ],
  ],
]);

describeCreates(v1, 'validatingadmissionpolicybindings', [
  [
    'do something',
    { metadata: { name: 'a' }, spec: { policyName: 'P', validationActions: ['X'] } },
    [
      'spec.policyName: Invalid value: "P": a lowercase RFC 1123 subdomain…',
      'spec.validationActions[0]: Unsupported value: "X": supported values: "Audit", ' +
        '"Deny", "Warn"',
    ],
  ],
  [
    'name parameters or select them',
    {
      metadata: { name: 'a' },
      spec: { policyName: 'p', validationActions: ['Deny'], paramRef: { name: 'a/b' } },
    },
    [
      'spec.paramRef.name: Invalid value: "a/b": may not contain \'/\'',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ],
  ],
]);
