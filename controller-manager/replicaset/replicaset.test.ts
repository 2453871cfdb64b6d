import assert from 'node:assert/strict';
import { pods, replicaSets } from '../../client/resources.ts';
import { forbidden } from '../../machinery/meta/status-error.ts';
import type { Pod, ReplicaSet } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { planReplicas, replicaStatus } from './plan.ts';
import { replicaSetController } from './replicaset.ts';

function replicaSet(replicas: number, extra: Partial<ReplicaSet['spec']> = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { namespace: 'a', name: 'web', generation: 1 },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } },
      ...extra,
    },
    status: { replicas: 0 },
  };
}

function ready(pod: Pod, since: string): Pod {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: since }];
  return { ...pod, status: { phase: 'Running', conditions } };
}

describe('planReplicas', () => {
  const spec = { replicas: 3, minReadySeconds: 0, template: {} };
  const some = (n: number): Pod[] =>
    Array.from({ length: n }, (_, i) => ({ metadata: { name: `${i}` } }));
  for (const [have, want, type, count] of [
    [0, 3, 'create', 3],
    [2, 3, 'create', 1],
    [3, 3, 'none', 0],
    [5, 3, 'delete', 2],
    [0, 1200, 'create', 500],
    [1200, 0, 'delete', 500],
  ] as const) {
    it(`${have} of ${want}: ${type} ${count}`, () => {
      const action = planReplicas({ ...spec, replicas: want }, some(have), () => [], 0);
      assert.equal(action.type, type);
      if (action.type === 'create') assert.equal(action.count, count);
      if (action.type === 'delete') assert.equal(action.pods.length, count);
    });
  }
});

describe('replicaStatus', () => {
  it('counts ready, available and labelled pods', () => {
    const template = { metadata: { labels: { app: 'web', v: '1' } } };
    const pod = (labels: Record<string, string>): Pod => ({ metadata: { labels } });
    const status = replicaStatus({
      spec: { replicas: 3, minReadySeconds: 10, template },
      status: { replicas: 0 },
      generation: 4,
      active: [
        pod({ app: 'web' }),
        ready(pod({ app: 'web', v: '1' }), '2026-01-01T00:00:00Z'),
        ready(pod({ app: 'web', v: '1' }), '2026-01-01T00:00:15Z'),
      ],
      terminating: 1,
      failure: 'quota',
      nowMs: Date.UTC(2026, 0, 1, 0, 0, 20),
    });
    assert.deepEqual(status, {
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 4,
      conditions: [
        {
          type: 'ReplicaFailure',
          status: 'True',
          lastTransitionTime: '2026-01-01T00:00:20Z',
          reason: 'FailedDelete',
          message: 'quota',
        },
      ],
    });
  });
});

describe('replicaset controller', () => {
  it('creates pods, reports them and scales down', async () => {
    await using bed = new TestBed();
    bed.client.seed(replicaSets, replicaSet(3));
    await bed.start([replicaSetController]);
    const made = bed.client.objects(pods);
    assert.equal(made.length, 3);
    const [owner] = made[0]!.metadata!.ownerReferences!;
    assert.equal(`${owner?.apiVersion} ${owner?.kind} ${owner?.name}`, 'apps/v1 ReplicaSet web');
    assert.equal(bed.eventTexts()[0], `SuccessfulCreate: Created pod: ${made[0]?.metadata?.name}`);
    assert.equal(bed.client.objects(replicaSets)[0]?.status?.replicas, 3);

    const set = await bed.client.get(replicaSets, { namespace: 'a', name: 'web' });
    set.spec!.replicas = 1;
    await bed.client.update(replicaSets, set);
    await bed.settle();
    assert.equal(bed.client.objects(pods).length, 1);
    const status = bed.client.objects(replicaSets)[0]?.status;
    assert.equal(status?.replicas, 1);
    assert.equal(status?.observedGeneration, 2);
  });

  it('replaces what was deleted', async () => {
    await using bed = new TestBed();
    bed.client.seed(replicaSets, replicaSet(2));
    await bed.start([replicaSetController]);
    const [victim] = bed.client.objects(pods);
    const key = { namespace: 'a', name: victim!.metadata!.name! };
    await bed.client.delete(pods, key);
    await bed.settle();
    const names = bed.client.objects(pods).map((p) => p.metadata?.name);
    assert.equal(names.length, 2);
    assert.ok(!names.includes(key.name));
  });

  it('adopts what matches and releases what no longer does', async () => {
    await using bed = new TestBed();
    bed.client.seed(replicaSets, replicaSet(1));
    const labels = { app: 'web' };
    bed.client.seed(pods, { metadata: { namespace: 'a', name: 'orphan', labels } });
    await bed.start([replicaSetController]);
    let [orphan, ...rest] = bed.client.objects(pods);
    assert.equal(rest.length, 0);
    assert.equal(orphan?.metadata?.ownerReferences?.[0]?.name, 'web');

    const patch = { metadata: { labels: { app: 'other' } } };
    await bed.client.patch(pods, { namespace: 'a', name: 'orphan' }, patch, { type: 'merge' });
    await bed.settle();
    orphan = bed.client.objects(pods).find((p) => p.metadata?.name === 'orphan');
    assert.deepEqual(orphan?.metadata?.ownerReferences, []);
    assert.equal(bed.client.objects(pods).length, 2);
  });

  it('reports a failure, tries again later and clears it', async () => {
    await using bed = new TestBed();
    bed.client.seed(replicaSets, replicaSet(2));
    let full = true;
    bed.client.before = (call) => {
      if (!full || call.verb !== 'create' || call.resource !== 'pods') return;
      throw forbidden({ group: '', resource: 'pods' }, 'web-x', 'exceeded quota: q');
    };
    await bed.start([replicaSetController]);
    const [failed] = bed.client.objects(replicaSets)[0]?.status?.conditions ?? [];
    assert.equal(failed?.reason, 'FailedCreate');
    assert.match(failed?.message ?? '', /exceeded quota/);
    assert.match(bed.eventTexts()[0]!, /^FailedCreate: Error creating: pods "web-x" is forbidden/);
    full = false;
    await bed.advance(10_000);
    assert.equal(bed.client.objects(pods).length, 2);
    assert.equal(bed.client.objects(replicaSets)[0]?.status?.conditions, undefined);
  });

  it('looks again when a pod becomes available by time', async () => {
    await using bed = new TestBed();
    bed.client.seed(replicaSets, replicaSet(1, { minReadySeconds: 5 }));
    await bed.start([replicaSetController]);
    const [pod] = bed.client.objects(pods);
    await bed.client.update(pods, ready(pod!, '2026-01-01T00:00:00Z'), { subresource: 'status' });
    await bed.advance(4_000);
    assert.equal(bed.client.objects(replicaSets)[0]?.status?.availableReplicas, 0);
    await bed.advance(1_500);
    assert.equal(bed.client.objects(replicaSets)[0]?.status?.availableReplicas, 1);
  });
});
