import assert from 'node:assert/strict';
import type { KubeObject, Pod } from '../../../machinery/schema/wire.ts';
import { attributes, judge, testEnvironment } from '../test-environment.ts';
import { podSecurity } from './pod-security.ts';
import { defaultPolicy, policyName, policyOf } from './policy.ts';

const prefix = 'pod-security.kubernetes.io/';
const label = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).map(([k, v]) => [prefix + k, v]));
const namespace = (labels: Record<string, string>, name = 'ns'): KubeObject => ({
  metadata: { name, labels: label(labels) },
});
const pod = (spec: object = {}, name = 'p'): Pod =>
  ({ metadata: { name, namespace: 'ns' }, spec: { containers: [{ name: 'c' }], ...spec } }) as Pod;

describe('policyOf', () => {
  const cases: [string, Record<string, string>, string[], string[]][] = [
    ['nothing', {}, ['privileged:latest', 'privileged:latest', 'privileged:latest'], []],
    [
      'enforce, which also warns',
      { enforce: 'baseline', 'enforce-version': 'v1.20' },
      ['baseline:v1.20', 'privileged:latest', 'baseline:v1.20'],
      [],
    ],
    [
      'enforce with a version to warn by',
      { enforce: 'baseline', 'warn-version': 'v1.9' },
      ['baseline:latest', 'privileged:latest', 'baseline:v1.9'],
      [],
    ],
    [
      'enforce without warnings',
      { enforce: 'baseline', warn: 'privileged', audit: 'restricted' },
      ['baseline:latest', 'restricted:latest', 'privileged:latest'],
      [],
    ],
    [
      'labels that cannot be read',
      { enforce: 'x', warn: 'y', 'audit-version': '1.2', audit: 'baseline' },
      ['restricted:latest', 'baseline:latest', 'privileged:latest'],
      ['enforce', 'audit-version', 'warn'],
    ],
    [
      'a version that is no number of 64 bits',
      { audit: 'baseline', 'audit-version': 'v1.9223372036854775808' },
      ['privileged:latest', 'baseline:latest', 'privileged:latest'],
      ['audit-version'],
    ],
  ];
  for (const [what, labels, expected, wrong] of cases) {
    it(`reads ${what}`, () => {
      const { policy, errors } = policyOf(label(labels), defaultPolicy);
      const { enforce, audit, warn } = policy;
      assert.deepEqual([enforce, audit, warn].map(policyName), expected);
      const fields = wrong.map((name) => `metadata.labels[${prefix}${name}]`);
      assert.deepEqual(
        errors.map((e) => e.field),
        fields,
      );
    });
  }
});

describe('PodSecurity', () => {
  const host = { hostPID: true };
  const problem = 'host namespaces (hostPID=true)';
  const refusal = `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${problem}`;
  const warning = `would violate PodSecurity "baseline:latest": ${problem}`;
  const template = { spec: { template: pod(host) } } as KubeObject;
  const changed = {
    operation: 'UPDATE' as const,
    oldObject: pod({ ...host, containers: [{ name: 'c', image: 'b' }] }),
  };

  const cases: [
    string,
    Record<string, string>,
    Parameters<typeof attributes>[0],
    (string | undefined)?,
    string[]?,
  ][] = [
    ['a pod in a namespace that lets it', {}, { object: pod(host) }],
    ['a pod that keeps to it', { enforce: 'baseline' }, { object: pod() }],
    ['a pod that does not', { enforce: 'baseline' }, { object: pod(host) }, refusal],
    [
      'a pod that is warned about',
      { warn: 'baseline', audit: 'restricted' },
      { object: pod(host) },
      undefined,
      [warning],
    ],
    [
      'a template',
      { enforce: 'baseline' },
      { object: template, group: 'apps', resource: 'deployments' },
      undefined,
      [warning],
    ],
    [
      'the template of a CronJob',
      { enforce: 'baseline' },
      {
        object: { spec: { jobTemplate: template } } as KubeObject,
        group: 'batch',
        resource: 'cronjobs',
      },
      undefined,
      [warning],
    ],
    [
      'another kind of object with a template',
      { enforce: 'baseline' },
      { object: template, group: 'x', resource: 'deployments' },
    ],
    [
      'an update that changes nothing of note',
      { enforce: 'baseline' },
      { operation: 'UPDATE', object: pod(host), oldObject: pod(host) },
    ],
    ['an update of an image', { enforce: 'baseline' }, { ...changed, object: pod(host) }, refusal],
    [
      'a container added to a running pod',
      { enforce: 'baseline' },
      {
        operation: 'UPDATE',
        subresource: 'ephemeralcontainers',
        object: pod({ ...host, ephemeralContainers: [{ name: 'e' }] }),
        oldObject: pod(host),
      },
      refusal,
    ],
    ['a status', { enforce: 'baseline' }, { ...changed, object: pod(host), subresource: 'status' }],
    [
      'a pod in no namespace',
      {},
      { object: pod(), namespace: 'none' },
      'Internal error occurred: failed to lookup namespace "none"',
    ],
  ];
  for (const [what, labels, given, expected, warnings = []] of cases) {
    it(`judges ${what}`, async () => {
      const plugin = podSecurity(testEnvironment({ namespaces: [namespace(labels)] }));
      const told: string[] = [];
      const a = attributes({ ...given, warn: (text) => told.push(text) });
      assert.equal(await judge(plugin, a), expected);
      assert.deepEqual(told, warnings);
    });
  }

  const notes: [string, Record<string, string>, object, Record<string, string>][] = [
    ['nothing but the policy', {}, {}, { 'enforce-policy': 'privileged:latest' }],
    [
      'what a stricter policy would refuse',
      { enforce: 'privileged', audit: 'baseline' },
      {},
      { 'enforce-policy': 'privileged:latest', 'audit-violations': warning },
    ],
    [
      'who is exempt',
      { enforce: 'baseline' },
      { exemptions: { usernames: ['alice'] } },
      { exempt: 'user' },
    ],
    [
      'no version where nothing is looked at',
      { enforce: 'privileged', 'enforce-version': 'v1.20' },
      {},
      { 'enforce-policy': 'privileged:latest' },
    ],
    [
      'no exempt runtime class where nothing is looked at',
      {},
      { exemptions: { runtimeClasses: ['vm'] } },
      { 'enforce-policy': 'privileged:latest' },
    ],
    [
      'an exempt runtime class',
      { enforce: 'baseline' },
      { exemptions: { runtimeClasses: ['vm'] } },
      { exempt: 'runtimeClass' },
    ],
    [
      'labels that cannot be read',
      { enforce: 'baseline', 'warn-version': 'x' },
      {},
      { 'enforce-policy': 'baseline:latest', error: 'Failed to parse policy' },
    ],
  ];
  for (const [what, labels, configuration, expected] of notes) {
    it(`tells the audit log ${what}`, async () => {
      const env = testEnvironment({ namespaces: [namespace(labels)] });
      const document = {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        ...configuration,
      };
      const told: Record<string, string> = {};
      const annotate = (key: string, value: string) => {
        told[key.replace('pod-security.kubernetes.io/', '')] = value.replace(/(policy): .*/, '$1');
      };
      const object = pod({ ...host, runtimeClassName: 'vm' });
      await judge(podSecurity(env, document), attributes({ object, annotate }));
      assert.deepEqual(told, expected);
    });
  }

  const relabel = async (from: Record<string, string>, to: Record<string, string>) => {
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'r',
      uid: 'u',
      controller: true,
    };
    const replica = (name: string): Pod => {
      const made = pod({ hostNetwork: true }, name);
      made.metadata!.ownerReferences = [owner];
      return made;
    };
    const pods = [replica('z'), replica('y'), replica('x'), pod(host, 'p'), pod({}, 'q')];
    const told: string[] = [];
    const a = attributes({
      operation: 'UPDATE',
      resource: 'namespaces',
      kind: 'Namespace',
      object: namespace(to),
      oldObject: namespace(from),
      warn: (text) => told.push(text),
    });
    const problem = await judge(podSecurity(testEnvironment({ pods })), a);
    return problem ?? told;
  };

  it('tells of the pods that break what becomes stricter', async () => {
    assert.deepEqual(await relabel({}, { enforce: 'baseline' }), [
      'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
      'p (and 3 other pods): host namespaces',
    ]);
    assert.deepEqual(await relabel({ enforce: 'restricted' }, { enforce: 'baseline' }), []);
    assert.deepEqual(await relabel({ enforce: 'baseline' }, { enforce: 'privileged' }), []);
  });

  it('refuses labels that cannot be read, but not for what was there', async () => {
    assert.equal(
      await relabel({}, { warn: 'x' }),
      'Namespace "ns" is invalid: metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "x": must be one of privileged, baseline, restricted',
    );
    assert.deepEqual(await relabel({ warn: 'x' }, { warn: 'x' }), []);
  });

  it('goes by its configuration', async () => {
    const configuration = {
      apiVersion: 'pod-security.admission.config.k8s.io/v1',
      kind: 'PodSecurityConfiguration',
      defaults: { enforce: 'baseline' },
      exemptions: { usernames: ['bob'], runtimeClasses: ['vm'], namespaces: ['free'] },
    };
    const namespaces = [namespace({}), namespace({}, 'free')];
    const env = testEnvironment({ namespaces });
    const judged = (given: object, spec: object = {}) =>
      judge(
        podSecurity(env, configuration),
        attributes({ object: pod({ ...host, ...spec }), ...given }),
      );
    assert.equal(await judged({}), refusal);
    assert.equal(await judged({ namespace: 'free' }), undefined);
    assert.equal(await judged({ user: { name: 'bob', groups: [] } }), undefined);
    assert.equal(await judged({}, { runtimeClassName: 'vm' }), undefined);
  });

  const wrongFiles: [object, RegExp][] = [
    [{ defaults: { audit: 'x' } }, /^defaults\.audit: Invalid value: "x": must be one of/],
    [{ exemptions: { usernames: ['a', ''] } }, /^exemptions\.usernames\[1\]: .*not be empty/],
    [
      { exemptions: { usernames: ['a', 'a'] } },
      /^exemptions\.usernames\[1\]: Duplicate value: "a"/,
    ],
    [
      { exemptions: { namespaces: ['A.b'] } },
      /^exemptions\.namespaces\[0\]: Invalid value: "A\.b"/,
    ],
    [{ exemptions: { runtimeClasses: ['A'] } }, /^exemptions\.runtimeClasses\[0\]: Invalid value/],
    [{ exemptions: { runtimeClasses: 'a' } }, /^exemptions\.runtimeClasses: must be a list/],
  ];
  for (const [given, message] of wrongFiles) {
    it(`does not start with ${JSON.stringify(given)}`, () => {
      const document = {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        defaults: { enforce: '' },
        ...given,
      };
      assert.throws(() => podSecurity(testEnvironment({}), document), { message });
    });
  }

  it('tells exempt namespaces of policies that are ignored', async () => {
    const warned = async (defaults: object, labels: Record<string, string>) => {
      const told: string[] = [];
      const document = {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        defaults,
        exemptions: { namespaces: ['ns'] },
      };
      const object = namespace(labels);
      const given = { resource: 'namespaces', kind: 'Namespace', object, name: 'ns' };
      const a = attributes({ ...given, warn: (text) => told.push(text) });
      await judge(podSecurity(testEnvironment({}), document), a);
      return told;
    };
    assert.deepEqual(await warned({}, { enforce: 'baseline', 'audit-version': 'v1.2' }), [
      'namespace "ns" is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored',
    ]);
    // Versions of what forbids nothing make no other policy.
    assert.deepEqual(await warned({ warn: 'baseline' }, { 'audit-version': 'v1.2' }), []);
  });
});
