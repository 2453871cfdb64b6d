import assert from 'node:assert/strict';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { createAdmission } from '../admission.ts';
import { attributes, testEnvironment } from '../test-environment.ts';
import { mutatingAdmissionPolicy } from './mutating-admission-policy.ts';

const group = 'admissionregistration.k8s.io';
const matchConstraints = {
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  resourceRules: [
    { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['*'] },
  ],
};
const named = (name: string, spec: object): KubeObject =>
  ({ metadata: { name }, spec }) as unknown as KubeObject;
const apply = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
});
const steps = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

const configMap = () => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'c', namespace: 'ns' },
  data: { a: '1' },
});
const pod = () => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'c', namespace: 'ns' },
  spec: {
    containers: [
      { name: 'x', image: 'i', args: ['a'] },
      { name: 'y', image: 'i' },
    ],
  },
});

/** Runs the mutating phase with policies `p0`, `p1`, … bound as they are. */
async function mutate(
  object: object,
  policies: readonly object[],
): Promise<{ object: Record<string, unknown>; refusal: StatusError | undefined }> {
  const resourcesOf = () => [{ group: '', version: 'v1', plural: 'x', namespaced: true }];
  const objects = {
    [`mutatingadmissionpolicies.${group}`]: policies.map((spec, i) =>
      named(`p${i}`, { matchConstraints, reinvocationPolicy: 'Never', ...spec }),
    ),
    [`mutatingadmissionpolicybindings.${group}`]: policies.map((_, i) =>
      named(`b${i}`, { policyName: `p${i}` }),
    ),
    namespaces: [named('ns', {})],
  };
  const env = { ...testEnvironment(objects), resourcesOf };
  const { kind } = object as { kind: string };
  const a = attributes({
    resource: `${kind.toLowerCase()}s`,
    kind,
    name: 'c',
    object: object as KubeObject,
  });
  try {
    await createAdmission([mutatingAdmissionPolicy(env)]).admit(a);
    return { object: object as Record<string, unknown>, refusal: undefined };
  } catch (e) {
    assert.ok(e instanceof StatusError);
    return { object: object as Record<string, unknown>, refusal: e };
  }
}

const says = "policy 'p0' with binding 'b0' denied request: ";

describe('mutating admission policies', () => {
  it('lay configurations over objects', async () => {
    const { object } = await mutate(pod(), [
      {
        mutations: [
          apply(
            'Object{metadata: Object.metadata{labels: {"l": object.metadata.name}}, spec: Object.spec{containers: [Object.spec.containers{name: "y", image: "j"}], priority: 3}}',
          ),
        ],
      },
    ]);
    const { metadata, spec } = object as unknown as ReturnType<typeof pod> & {
      metadata: { labels: unknown };
      spec: { priority: number; restartPolicy: string };
    };
    assert.deepEqual(metadata.labels, { l: 'c' });
    assert.deepEqual(
      spec.containers.map((c) => [c.name, c.image]),
      [
        ['x', 'i'],
        ['y', 'j'],
      ],
    );
    assert.equal(spec.priority, 3);
    // What is new has its defaults.
    assert.equal(spec.restartPolicy, 'Always');
  });

  it('patch objects, with variables, one mutation after the other', async () => {
    const { object } = await mutate(configMap(), [
      {
        variables: [{ name: 'n', expression: 'string(size(object.data))' }],
        mutations: [
          steps('[JSONPatch{op: "add", path: "/data/b", value: variables.n}]'),
          steps(
            '[JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("k8s"), value: variables.n}]',
          ),
          steps('[JSONPatch{op: "copy", from: "/data/b", path: "/data/c"}]'),
        ],
      },
    ]);
    assert.deepEqual(object['data'], { a: '1', b: '1', k8s: '2', c: '1' });
  });

  it('leave an object as it is when a test fails', async () => {
    const step =
      '[JSONPatch{op: "test", path: "/data/a", value: "2"}, JSONPatch{op: "remove", path: "/data"}]';
    const { object } = await mutate(configMap(), [{ mutations: [steps(step)] }]);
    assert.deepEqual(object['data'], { a: '1' });
  });

  const failures: [string, object, string, string][] = [
    [
      'fields that there are not',
      pod(),
      'Object{spec: Object.spec{nope: 1}}',
      'error applying patch: failed to convert patch object to typed object: .spec.nope: field not declared in schema',
    ],
    [
      'lists of one piece',
      pod(),
      'Object{spec: Object.spec{containers: [Object.spec.containers{name: "x", args: ["b"]}]}}',
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].args',
    ],
    [
      'parts in other places',
      pod(),
      'Object{spec: Object.metadata{name: "x"}}',
      'type mismatch: unexpected type name "Object.metadata", expected "Object.spec", which matches field name path from root Object type',
    ],
    [
      'what cannot be worked out',
      pod(),
      'Object{metadata: Object.metadata{labels: {"x": object.x}}}',
      'expression \'Object{metadata: Object.metadata{labels: {"x": object.x}}}\' resulted in error: no such key: x',
    ],
  ];
  for (const [what, object, expression, why] of failures) {
    it(`refuse ${what}, or ignore that`, async () => {
      const policy = { mutations: [apply(expression)] };
      const { refusal } = await mutate(structuredClone(object), [policy]);
      assert.equal(refusal?.message, says + why);
      assert.equal(refusal.code, 403);
      assert.equal(refusal.reason, 'Invalid');
      assert.deepEqual(refusal.details?.causes, [{ message: says + why }]);
      const ignored = await mutate(structuredClone(object), [
        { ...policy, failurePolicy: 'Ignore' },
      ]);
      assert.equal(ignored.refusal, undefined);
    });
  }

  it('tell every problem', async () => {
    const path = '[JSONPatch{op: "remove", path: "/none"}]';
    const { refusal } = await mutate(configMap(), [
      { mutations: [steps(path)] },
      { mutations: [steps('foo')] },
    ]);
    assert.deepEqual(
      refusal?.details?.causes?.map((c) => c.message?.split('\n')[0]),
      [
        `${says}JSON Patch: error in remove for path: '/none': Unable to remove nonexistent key: none: missing value`,
        "policy 'p1' with binding 'b1' denied request: compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')",
      ],
    );
  });

  it('are asked again after others where they want to be', async () => {
    const count = (key: string) =>
      steps(`[JSONPatch{op: "add", path: "/data/${key}", value: string(size(object.data))}]`);
    const { object } = await mutate(configMap(), [
      { mutations: [count('x')], reinvocationPolicy: 'IfNeeded' },
      { mutations: [count('y')] },
    ]);
    assert.deepEqual(object['data'], { a: '1', x: '3', y: '2' });
  });
});
