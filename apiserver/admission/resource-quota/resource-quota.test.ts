import assert from 'node:assert/strict';
import { notFound } from '../../../machinery/meta/status-error.ts';
import type { KubeObject, Pod, ResourceQuota } from '../../../machinery/schema/wire.ts';
import { attributes, judge, type TestEnvironment, testEnvironment } from '../test-environment.ts';
import { resourceQuota } from './resource-quota.ts';

type List = Record<string, string>;

const quota = (hard: List, used: List, spec: object = {}): ResourceQuota => ({
  metadata: { name: 'q', namespace: 'ns', resourceVersion: '1' },
  spec: { hard, ...spec },
  status: { hard, used },
});
const pod = (resources: object = {}, spec: object = {}): Pod =>
  ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c', resources }], ...spec } }) as Pod;
const usedOf = (env: TestEnvironment) =>
  (env.objects['resourcequotas'] as ResourceQuota[]).map((q) => q.status?.used);

/** The store changes an object's version with each write. */
function versioned(env: TestEnvironment): TestEnvironment {
  const { update } = env.access;
  env.access.update = <T extends KubeObject>(
    resource: string,
    namespace: string,
    name: string,
    change: (current: T) => T,
  ) =>
    update<T>(resource, namespace, name, (current) => {
      const next = change(current);
      next.metadata!.resourceVersion = String(Number(current.metadata!.resourceVersion) + 1);
      return next;
    });
  return env;
}

describe('ResourceQuota', () => {
  type Given = Parameters<typeof attributes>[0];
  const claim = (storage: string): KubeObject =>
    ({ metadata: { name: 'd' }, spec: { resources: { requests: { storage } } } }) as KubeObject;
  const claims: Given = { resource: 'persistentvolumeclaims' };
  const head = 'pods "p" is forbidden: ';
  const cases: [string, ResourceQuota, Given, string | undefined, List][] = [
    [
      'room for one more',
      quota({ pods: '2' }, { pods: '1' }),
      { object: pod() },
      undefined,
      { pods: '2' },
    ],
    [
      'no room',
      quota({ pods: '1', cpu: '1' }, { pods: '1', cpu: '0' }),
      { object: pod({ requests: { cpu: '1' } }) },
      `${head}exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`,
      { pods: '1', cpu: '0' },
    ],
    [
      'a pod that does not say what it takes',
      quota({ 'limits.cpu': '1', memory: '1Gi' }, { 'limits.cpu': '0', memory: '0' }),
      { object: pod({ requests: { memory: '1Mi' } }) },
      `${head}failed quota: q: must specify limits.cpu for: c`,
      { 'limits.cpu': '0', memory: '0' },
    ],
    [
      'a pod that says it as a whole',
      quota({ 'requests.cpu': '1' }, { 'requests.cpu': '0' }),
      { object: pod({}, { resources: { requests: { cpu: '500m' } } }) },
      undefined,
      { 'requests.cpu': '500m' },
    ],
    [
      'a quota that was not counted yet',
      quota({ pods: '1' }, {}),
      { object: pod() },
      `${head}status unknown for quota: q, resources: pods`,
      {},
    ],
    [
      'another scope',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] }),
      { object: pod() },
      undefined,
      { pods: '0' },
    ],
    [
      'a pod that comes into a scope',
      quota({ pods: '1' }, { pods: '1' }, { scopes: ['Terminating'] }),
      { operation: 'UPDATE', object: pod({}, { activeDeadlineSeconds: 1 }), oldObject: pod() },
      `${head}exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`,
      { pods: '1' },
    ],
    [
      'a resize',
      quota({ cpu: '2' }, { cpu: '1' }),
      {
        operation: 'UPDATE',
        subresource: 'resize',
        object: pod({ requests: { cpu: '1500m' } }),
        oldObject: pod({ requests: { cpu: '1' } }),
      },
      undefined,
      { cpu: '1500m' },
    ],
    [
      'a dry run',
      quota({ pods: '1' }, { pods: '0' }),
      { object: pod(), dryRun: true },
      undefined,
      { pods: '0' },
    ],
    [
      'a claim that grows',
      quota({ 'requests.storage': '2Gi' }, { 'requests.storage': '1Gi' }),
      { ...claims, operation: 'UPDATE', object: claim('2Gi'), oldObject: claim('1Gi') },
      undefined,
      { 'requests.storage': '2Gi' },
    ],
    [
      'a claim that shrinks',
      quota({ 'requests.storage': '2Gi' }, { 'requests.storage': '2Gi' }),
      { ...claims, operation: 'UPDATE', object: claim('1Gi'), oldObject: claim('2Gi') },
      undefined,
      { 'requests.storage': '2Gi' },
    ],
    [
      'objects of any kind',
      quota({ 'count/widgets.example.com': '0' }, { 'count/widgets.example.com': '0' }),
      { group: 'example.com', resource: 'widgets', object: { metadata: { name: 'w' } } },
      'widgets.example.com "w" is forbidden: exceeded quota: q, requested: count/widgets.example.com=1, used: count/widgets.example.com=0, limited: count/widgets.example.com=0',
      { 'count/widgets.example.com': '0' },
    ],
    [
      'an update of what is only counted',
      quota({ configmaps: '0' }, { configmaps: '1' }),
      { operation: 'UPDATE', resource: 'configmaps', object: {}, oldObject: {} },
      undefined,
      { configmaps: '1' },
    ],
    [
      'an event',
      quota({ 'count/events': '0' }, { 'count/events': '0' }),
      { resource: 'events', object: {} },
      undefined,
      { 'count/events': '0' },
    ],
  ];
  for (const [what, given, request, expected, used] of cases) {
    it(`judges ${what}`, async () => {
      const env = testEnvironment({ resourcequotas: [given] });
      assert.equal(await judge(resourceQuota(env), attributes(request)), expected);
      assert.deepEqual(usedOf(env), [used]);
    });
  }

  it('charges the devices of claims, as their classes are', async () => {
    const name = 'requests.example.com/gpu';
    const env = testEnvironment({
      resourcequotas: [quota({ [name]: '2' }, { [name]: '0' })],
      'deviceclasses.resource.k8s.io': [
        {
          metadata: { name: 'gpu' },
          spec: { extendedResourceName: 'example.com/gpu' },
        } as KubeObject,
      ],
    });
    const claim = (count: number) => ({
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', count } }] } },
    });
    const judged = (count: number) =>
      judge(
        resourceQuota(env),
        attributes({
          group: 'resource.k8s.io',
          resource: 'resourceclaims',
          kind: 'ResourceClaim',
          object: claim(count),
        }),
      );
    assert.equal(
      await judged(3),
      `resourceclaims.resource.k8s.io "c" is forbidden: exceeded quota: q, requested: ${name}=3, used: ${name}=0, limited: ${name}=2`,
    );
    assert.equal(await judged(2), undefined);
    assert.deepEqual(usedOf(env), [{ [name]: '2' }]);
  });

  it('never lets servers that create at the same time exceed it', async () => {
    const env = versioned(
      testEnvironment({ resourcequotas: [quota({ pods: '7' }, { pods: '0' })] }),
    );
    const plugins = [resourceQuota(env), resourceQuota(env)];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => judge(plugins[i % 2]!, attributes({ object: pod() }))),
    );
    assert.equal(answers.filter((a) => a === undefined).length, 7);
    assert(answers.every((a) => a === undefined || a.includes('exceeded quota: q')));
    assert.deepEqual(usedOf(env), [{ pods: '7' }]);
  });

  it('charges requests that come together with one write', async () => {
    const env = versioned(
      testEnvironment({ resourcequotas: [quota({ pods: '50' }, { pods: '0' })] }),
    );
    const plugin = resourceQuota(env);
    await Promise.all(
      Array.from({ length: 20 }, () => judge(plugin, attributes({ object: pod() }))),
    );
    assert.deepEqual(usedOf(env), [{ pods: '20' }]);
    const version = env.objects['resourcequotas']?.[0]?.metadata?.resourceVersion;
    assert(Number(version) <= 3, `${version} writes`);
  });

  it('lets what is left when a quota goes away meanwhile', async () => {
    const env = testEnvironment({ resourcequotas: [quota({ pods: '5' }, { pods: '0' })] });
    env.access.update = () => {
      env.objects['resourcequotas'] = [];
      throw notFound({ group: '', resource: 'resourcequotas' }, 'q');
    };
    assert.equal(await judge(resourceQuota(env), attributes({ object: pod() })), undefined);
  });

  describe('with resources that need a quota', () => {
    const scope = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
    const document = {
      kind: 'ResourceQuotaConfiguration',
      limitedResources: [{ resource: 'pods', matchContains: ['pods'], matchScopes: [scope] }],
    };
    const judged = (quotas: ResourceQuota[], object: Pod) =>
      judge(
        resourceQuota(testEnvironment({ resourcequotas: structuredClone(quotas) }), document),
        attributes({ object }),
      );
    const room = quota({ pods: '1', 'count/pods': '1' }, { pods: '0', 'count/pods': '0' });
    const high = pod({}, { priorityClassName: 'high' });

    it('refuses what no quota covers', async () => {
      const text = `${head}insufficient quota to consume: count/pods,pods`;
      assert.equal(await judged([], pod()), text);
      assert.equal(await judged([room], pod()), undefined);
      assert.equal(
        await judged([room], high),
        'insufficient quota to match these scopes: [{PriorityClass In [high]}]',
      );
      const scoped = quota(
        { pods: '1' },
        { pods: '0' },
        { scopeSelector: { matchExpressions: [scope] } },
      );
      assert.equal(
        await judged([room, { ...scoped, metadata: { ...scoped.metadata, name: 'r' } }], high),
        undefined,
      );
    });

    it('refuses a configuration that it cannot read', () => {
      const start = (given: object) => () => resourceQuota(testEnvironment(), given);
      assert.throws(start({ kind: 'X' }), /expected a ResourceQuotaConfiguration/);
      const unnamed = { ...document, limitedResources: [{}] };
      assert.throws(start(unnamed), /limitedResources\[0\]\.resource: must not be empty/);
    });
  });
});
