import assert from 'node:assert/strict';
import type { PersistentVolumeClaim, Pod, Service } from '../schema/wire.ts';
import { listOf } from './amounts.ts';
import {
  claimEvaluator,
  countEvaluator,
  countedKind,
  isCharged,
  podEvaluator,
  serviceEvaluator,
  sumUsage,
} from './evaluators.ts';
import { podLimits, podRequests } from './pod-resources.ts';
import { podInScope, scopeRequirements } from './scopes.ts';

type Spec = NonNullable<Pod['spec']>;
const pod = (spec: Partial<Spec>, status: Pod['status'] = {}): Pod => ({
  metadata: { namespace: 'a', name: 'p' },
  spec: { containers: [], ...spec },
  status,
});
const container = (name: string, requests: Record<string, string>, limits = {}) => ({
  name,
  resources: { requests, limits },
});

describe('podRequests and podLimits', () => {
  const base = [
    container('a', { cpu: '100m', memory: '1Gi' }, { cpu: '200m' }),
    container('b', { cpu: '50m' }),
  ];
  for (const [name, it_, requests, limits] of [
    ['containers', pod({ containers: base }), { cpu: '150m', memory: '1Gi' }, { cpu: '200m' }],
    [
      'a large init container',
      pod({ containers: base, initContainers: [container('i', { cpu: '1' })] }),
      { cpu: '1', memory: '1Gi' },
      { cpu: '200m' },
    ],
    [
      'a sidecar counts beside all that follows',
      pod({
        containers: base,
        initContainers: [
          { ...container('s', { cpu: '500m' }), restartPolicy: 'Always' },
          container('i', { cpu: '300m' }),
        ],
      }),
      { cpu: '800m', memory: '1Gi' },
      { cpu: '200m' },
    ],
    [
      'the pod as a whole, and overhead',
      pod({
        containers: base,
        resources: { requests: { cpu: '2' }, limits: { memory: '4Gi' } },
        overhead: { cpu: '10m', memory: '1Mi' },
      }),
      { cpu: '2010m', memory: '1025Mi' },
      { cpu: '210m', memory: '4097Mi' },
    ],
    [
      'what is in force during a resize',
      pod(
        { containers: [container('a', { cpu: '100m' }, { cpu: '100m' })] },
        {
          containerStatuses: [
            {
              name: 'a',
              image: '',
              imageID: '',
              ready: true,
              restartCount: 0,
              resources: { requests: { cpu: '300m' }, limits: { cpu: '400m' } },
              allocatedResources: { cpu: '200m' },
            },
          ],
        },
      ),
      { cpu: '300m' },
      { cpu: '400m' },
    ],
  ] as const) {
    it(name, () => {
      assert.deepEqual(listOf(podRequests(it_)), requests);
      assert.deepEqual(listOf(podLimits(it_)), limits);
    });
  }
});

describe('evaluators', () => {
  it('pods', () => {
    const requests = { cpu: '1', 'hugepages-2Mi': '2Mi', 'example.com/gpu': '3' };
    const used = podEvaluator.usage(
      pod({ containers: [container('a', requests, { cpu: '2' })] }),
      0,
    );
    assert.deepEqual(listOf(used), {
      'count/pods': '1',
      pods: '1',
      cpu: '1',
      'requests.cpu': '1',
      'hugepages-2Mi': '2Mi',
      'requests.hugepages-2Mi': '2Mi',
      'requests.example.com/gpu': '3',
      'limits.cpu': '2',
    });
    const ended = pod({ containers: [container('a', requests)] }, { phase: 'Succeeded' });
    assert.deepEqual(listOf(podEvaluator.usage(ended, 0)), { 'count/pods': '1' });
    for (const [name, want] of [
      ['limits.memory', true],
      ['requests.example.com/gpu', true],
      ['requests.storage', false],
      ['example.com/gpu', false],
      ['services', false],
    ] as const) {
      assert.equal(podEvaluator.tracks(name), want, name);
    }
  });

  it('pods that are stuck past their time are free', () => {
    const going = pod({});
    going.metadata!.deletionTimestamp = '2026-01-01T00:00:00Z';
    going.metadata!.deletionGracePeriodSeconds = 30;
    const t = Date.parse('2026-01-01T00:00:00Z');
    assert.equal(isCharged(going, t + 30_000), true);
    assert.equal(isCharged(going, t + 30_001), false);
  });

  it('services', () => {
    const ports = [{ port: 1 }, { port: 2, nodePort: 30000 }];
    const of = (spec: Service['spec']) => {
      const used = listOf(serviceEvaluator.usage({ spec: { ports, ...spec } }, 0));
      return [used['services'], used['services.nodeports'], used['services.loadbalancers']].join();
    };
    assert.equal(of({ type: 'ClusterIP' }), '1,0,0');
    assert.equal(of({ type: 'NodePort' }), '1,2,0');
    assert.equal(of({ type: 'LoadBalancer' }), '1,2,1');
    assert.equal(of({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }), '1,1,1');
  });

  it('claims', () => {
    const claim: PersistentVolumeClaim = {
      spec: { storageClassName: 'gold', resources: { requests: { storage: '1500m' } } },
      status: { allocatedResources: { storage: '1Gi' } },
    };
    assert.deepEqual(listOf(claimEvaluator.usage(claim, 0)), {
      'count/persistentvolumeclaims': '1',
      persistentvolumeclaims: '1',
      'requests.storage': '1Gi',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
    });
    assert.ok(claimEvaluator.tracks('x.storageclass.storage.k8s.io/requests.storage'));
  });

  it('counts', () => {
    assert.deepEqual(countedKind('count/deployments.apps'), {
      group: 'apps',
      plural: 'deployments',
    });
    assert.equal(countedKind('pods'), undefined);
    assert.deepEqual(listOf(countEvaluator('', 'secrets')!.usage({}, 0)), {
      'count/secrets': '1',
      secrets: '1',
    });
    assert.equal(countEvaluator('', 'events'), undefined);
  });

  it('sums what is in scope', () => {
    const list = [
      pod({ containers: [container('a', { cpu: '1' })] }),
      pod({ containers: [container('a', { cpu: '2' })], priorityClassName: 'high' }),
      pod({ priorityClassName: 'low' }),
    ];
    const names = ['pods', 'requests.cpu', 'limits.memory', 'services'];
    const sum = (spec: Parameters<typeof scopeRequirements>[0]) =>
      listOf(sumUsage(podEvaluator, list, names, scopeRequirements(spec), 0));
    assert.deepEqual(sum({}), { pods: '3', 'requests.cpu': '3', 'limits.memory': '0' });
    assert.equal(sum({ scopes: ['BestEffort'] })['pods'], '1');
    assert.equal(sum({ scopes: ['NotBestEffort', 'PriorityClass'] })['requests.cpu'], '2');
    const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'In', values: ['low'] }];
    assert.equal(sum({ scopeSelector: { matchExpressions } })['pods'], '1');
  });
});

describe('podInScope', () => {
  const affinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 't', namespaces: ['b'] }],
    },
  };
  for (const [scopeName, operator, spec, want] of [
    ['Terminating', 'Exists', { activeDeadlineSeconds: 0 }, true],
    ['NotTerminating', 'Exists', {}, true],
    ['PriorityClass', 'DoesNotExist', {}, true],
    ['PriorityClass', 'NotIn', { priorityClassName: 'x' }, true],
    ['CrossNamespacePodAffinity', 'Exists', { affinity }, true],
    ['CrossNamespacePodAffinity', 'Exists', {}, false],
    ['Other', 'Exists', {}, false],
  ] as const) {
    it(`${scopeName} ${operator} ${JSON.stringify(spec).slice(0, 30)}`, () => {
      const values = ['y'];
      assert.equal(podInScope(pod(spec as Partial<Spec>), { scopeName, operator, values }), want);
    });
  }
});
