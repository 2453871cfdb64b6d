import assert from 'node:assert/strict';
import {
  deployments,
  jobs,
  podDisruptionBudgets,
  pods,
  replicaSets,
} from '../../client/resources.ts';
import { notFound } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Pod, PodDisruptionBudget } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { disruptionController, staleInMs } from './disruption.ts';
import { budgetStatus, disruptedPods, expectedPods, selectorText } from './plan.ts';

type Spec = NonNullable<PodDisruptionBudget['spec']>;

function budget(spec: Partial<Spec>, status?: PodDisruptionBudget['status']): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: 'a', name: 'b', generation: 2 },
    spec: { selector: { matchLabels: { app: 'x' } }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

function pod(name: string, ready = true, owner?: [kind: string, apiVersion: string]): Pod {
  const [kind = '', apiVersion = ''] = owner ?? [];
  const reference = { apiVersion, kind, name: 'o', uid: `o-${kind}`, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'a',
      name,
      labels: { app: 'x' },
      generation: 1,
      ...(owner === undefined ? {} : { ownerReferences: [reference] }),
    },
    spec: { containers: [] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

describe('expectedPods', () => {
  for (const [name, spec, want] of [
    ['a number', { minAvailable: 2 }, [3, 2]],
    ['a share', { minAvailable: '50%' }, [5, 3]],
    ['may be away', { maxUnavailable: 1 }, [5, 4]],
    ['a share may be away, rounded up', { maxUnavailable: '30%' }, [5, 3]],
    ['more than there are', { maxUnavailable: 9 }, [5, 0]],
    ['nothing said', {}, [0, 0]],
  ] as const) {
    it(name, () => {
      const { expected, desired } = expectedPods(budget(spec), 3, 5);
      assert.deepEqual([expected, desired], want);
    });
  }
});

describe('budgetStatus', () => {
  const now = Date.parse('2026-01-01T00:10:00Z');
  const status = (expected: number, desired: number, ...list: Pod[]) =>
    budgetStatus(budget({}), list, { expected, desired }, {}, now);

  it('allows what is healthy above the desired', () => {
    assert.deepEqual(status(3, 1, pod('p'), pod('q'), pod('r', false)), {
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 3,
      disruptionsAllowed: 1,
      observedGeneration: 2,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: 'True',
          reason: 'SufficientPods',
          message: '',
          lastTransitionTime: '2026-01-01T00:10:00Z',
          observedGeneration: 2,
        },
      ],
    });
  });
  it('allows nothing below', () => {
    assert.equal(status(3, 2, pod('p')).disruptionsAllowed, 0);
    assert.equal(status(3, 2, pod('p')).conditions?.[0]?.reason, 'InsufficientPods');
  });
  it('allows nothing where nothing is expected', () => {
    assert.equal(status(0, 0, pod('p')).disruptionsAllowed, 0);
  });
  it('counts disrupted pods as gone until they are late', () => {
    const evicted = { p: '2026-01-01T00:09:00Z', q: '2026-01-01T00:07:59Z', gone: 'x' };
    const pdb = budget(
      {},
      {
        currentHealthy: 0,
        desiredHealthy: 0,
        disruptionsAllowed: 0,
        expectedPods: 0,
        disruptedPods: evicted,
      },
    );
    const list = [pod('p'), pod('q'), pod('r')];
    const { still, late, recheckAtMs } = disruptedPods(pdb, list, now);
    assert.deepEqual(Object.keys(still), ['p']);
    assert.deepEqual(
      late.map((p) => p.metadata?.name),
      ['q'],
    );
    assert.equal(recheckAtMs, Date.parse('2026-01-01T00:11:00Z'));
    const after = budgetStatus(pdb, list, { expected: 3, desired: 1 }, still, now);
    assert.equal(after.currentHealthy, 2);
    assert.deepEqual(after.disruptedPods, still);
  });
});

it('selectorText', () => {
  assert.equal(
    selectorText({
      matchLabels: { b: '2', a: '1' },
      matchExpressions: [{ key: 'k', operator: 'In', values: ['v', 'w'] }],
    }),
    '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:' +
      '[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},}',
  );
});

describe('disruption controller', () => {
  const statusOf = (bed: TestBed) => bed.client.objects(podDisruptionBudgets)[0]?.status;

  it('takes the scale from the deployment above a replica set', async () => {
    await using bed = new TestBed();
    const controller = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'd' };
    bed.client.seed(deployments, {
      metadata: { namespace: 'a', name: 'd', uid: 'd' },
      spec: { replicas: 4, selector: {}, template: {} },
    });
    bed.client.seed(replicaSets, {
      metadata: {
        namespace: 'a',
        name: 'o',
        uid: 'o-ReplicaSet',
        ownerReferences: [{ ...controller, controller: true }],
      },
      spec: { replicas: 2, selector: {} },
    });
    const own: [string, string] = ['ReplicaSet', 'apps/v1'];
    bed.client.seed(pods, pod('p', true, own), pod('q', true, own));
    bed.client.seed(podDisruptionBudgets, budget({ maxUnavailable: '50%' }));
    await bed.start([disruptionController]);
    assert.equal(statusOf(bed)?.expectedPods, 4);
    assert.equal(statusOf(bed)?.desiredHealthy, 2);
    assert.equal(statusOf(bed)?.disruptionsAllowed, 0);
    bed.client.seed(pods, pod('r', true, own));
    await bed.settle();
    assert.equal(statusOf(bed)?.disruptionsAllowed, 1);
    await bed.client.delete(pods, { namespace: 'a', name: 'p' });
    await bed.settle();
    assert.equal(statusOf(bed)?.disruptionsAllowed, 0);
    assert.deepEqual(bed.complaints, []);
  });

  it('counts bare pods for a number', async () => {
    await using bed = new TestBed();
    bed.client.seed(podDisruptionBudgets, budget({ minAvailable: 1 }));
    await bed.start([disruptionController]);
    assert.deepEqual(bed.eventTexts(), ['NoPods: No matching pods found']);
    bed.client.seed(pods, pod('p'), pod('q'));
    await bed.settle();
    assert.equal(statusOf(bed)?.disruptionsAllowed, 1);
  });

  it('allows nothing when the scale cannot be told', async () => {
    await using bed = new TestBed();
    bed.client.served = [jobs];
    bed.client.before = (call) => {
      if (call.subresource === 'scale') throw notFound({ group: 'batch', resource: 'jobs' }, 'o');
    };
    bed.client.seed(jobs, { metadata: { namespace: 'a', name: 'o', uid: 'o-Job' } });
    bed.client.seed(pods, pod('p', true, ['Job', 'batch/v1']));
    bed.client.seed(podDisruptionBudgets, budget({ maxUnavailable: 1 }));
    await bed.start([disruptionController]);
    assert.equal(statusOf(bed)?.disruptionsAllowed, 0);
    const [condition] = statusOf(bed)?.conditions ?? [];
    assert.equal(condition?.reason, 'SyncFailed');
    assert.equal(condition?.message, 'jobs.batch does not implement the scale subresource');
  });

  it('clears the mark of pods that stay', async () => {
    await using bed = new TestBed();
    const marked = pod('p');
    const lastTransitionTime = formatTime(bed.clock.now());
    marked.status!.conditions!.push({
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime,
    });
    assert.equal(staleInMs(marked, bed.clock.now()), 120_000);
    bed.client.seed(pods, marked);
    await bed.start([disruptionController]);
    const mark = () => bed.client.objects(pods)[0]?.status?.conditions?.[1]?.status;
    await bed.advance(119_000);
    assert.equal(mark(), 'True');
    await bed.advance(1_000);
    assert.equal(mark(), 'False');
  });
});
