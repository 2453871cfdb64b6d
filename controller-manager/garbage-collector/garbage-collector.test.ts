import assert from 'node:assert/strict';
import { configMaps, pods, replicaSets, secrets } from '../../client/resources.ts';
import { newControllerRef } from '../../machinery/meta/owner.ts';
import type { KubeObject, OwnerReference } from '../../machinery/schema/wire.ts';
import { replicaSetController } from '../replicaset/replicaset.ts';
import { TestBed } from '../test-bed.ts';
import { garbageCollector } from './garbage-collector.ts';

describe('garbage collector', () => {
  const served = [configMaps, pods, replicaSets, secrets];
  const key = (name: string) => ({ namespace: 'a', name });

  function seedFamily(bed: TestBed, finalizers?: string[]): KubeObject {
    bed.client.served = served;
    const [owner] = bed.client.seed(replicaSets, {
      metadata: key('owner'),
      spec: { replicas: 0, selector: { matchLabels: { no: 'one' } } },
    });
    const ownerReferences = [newControllerRef(owner!, 'apps/v1', 'ReplicaSet')];
    bed.client.seed(pods, {
      metadata: { ...key('child'), ownerReferences, ...(finalizers && { finalizers }) },
    });
    const [child] = bed.client.objects(pods);
    bed.client.seed(secrets, {
      metadata: {
        ...key('grandchild'),
        ownerReferences: [newControllerRef(child!, 'v1', 'Pod')],
      },
    });
    return owner!;
  }

  const counts = (bed: TestBed): number[] =>
    [replicaSets, pods, secrets].map((r) => bed.client.objects(r as typeof pods).length);

  it('leaves what has an owner, deletes in the background what lost it', async () => {
    await using bed = new TestBed();
    seedFamily(bed);
    await bed.start([garbageCollector]);
    await bed.advance(200);
    assert.deepEqual(counts(bed), [1, 1, 1]);
    await bed.client.delete(replicaSets, key('owner'), { propagationPolicy: 'Background' });
    await bed.advance(2_000);
    assert.deepEqual(counts(bed), [0, 0, 0]);
    assert.deepEqual(bed.complaints, []);
  });

  it('deletes in the foreground: the owner after its dependents', async () => {
    await using bed = new TestBed();
    seedFamily(bed, ['keep/me']);
    await bed.start([garbageCollector]);
    await bed.advance(200);
    await bed.client.delete(replicaSets, key('owner'), { propagationPolicy: 'Foreground' });
    await bed.advance(2_000);
    assert.deepEqual(counts(bed), [1, 1, 0]);
    const patch = { metadata: { finalizers: null } };
    await bed.client.patch(pods, key('child'), patch, { type: 'merge' });
    await bed.advance(2_000);
    assert.deepEqual(counts(bed), [0, 0, 0]);
  });

  it('orphans: dependents stay and lose the reference', async () => {
    await using bed = new TestBed();
    seedFamily(bed);
    // With a controller that shares its informers.
    await bed.start([replicaSetController, garbageCollector]);
    await bed.advance(200);
    await bed.client.delete(replicaSets, key('owner'), { propagationPolicy: 'Orphan' });
    await bed.advance(2_000);
    assert.deepEqual(counts(bed), [0, 1, 1]);
    assert.deepEqual(bed.client.objects(pods)[0]?.metadata?.ownerReferences, []);
  });

  it('deletes what names owners that never were, keeps what has another one', async () => {
    await using bed = new TestBed();
    const owner = seedFamily(bed);
    const ghost: OwnerReference = { apiVersion: 'v1', kind: 'Pod', name: 'ghost', uid: 'ghost' };
    const real = newControllerRef(owner, 'apps/v1', 'ReplicaSet');
    bed.client.seed(
      configMaps,
      { metadata: { ...key('x'), ownerReferences: [ghost] } },
      { metadata: { ...key('y'), ownerReferences: [ghost, real] } },
      { metadata: { namespace: 'b', name: 'z', ownerReferences: [real] } },
    );
    await bed.start([garbageCollector]);
    await bed.advance(2_000);
    const left = bed.client.objects(configMaps);
    assert.deepEqual(
      left.map((c) => c.metadata?.name),
      ['y'],
    );
    assert.deepEqual(
      left[0]?.metadata?.ownerReferences?.map((r) => r.name),
      ['owner'],
    );
    assert.match(bed.eventTexts().join(), /OwnerRefInvalidNamespace: ownerRef \[apps\/v1\/Rep/);
  });

  it('watches kinds that are served later', async () => {
    await using bed = new TestBed();
    seedFamily(bed);
    bed.client.served = [pods, replicaSets];
    await bed.start([garbageCollector]);
    await bed.advance(200);
    bed.client.served = served;
    await bed.advance(32_000);
    await bed.client.delete(replicaSets, key('owner'));
    await bed.advance(2_000);
    assert.deepEqual(counts(bed), [0, 0, 0]);
  });
});
