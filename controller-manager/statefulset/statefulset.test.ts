import assert from 'node:assert/strict';
import {
  controllerRevisions,
  persistentVolumeClaims,
  pods,
  statefulSets,
} from '../../client/resources.ts';
import type { Pod, StatefulSet } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { withOwners } from './claims.ts';
import { planSet } from './plan.ts';
import { statefulSetController } from './statefulset.ts';

type Spec = NonNullable<StatefulSet['spec']>;

function statefulSet(spec: Partial<Spec> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { namespace: 'a', name: 'db', generation: 1, uid: 'set' },
    spec: {
      replicas: 3,
      serviceName: 'svc',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'c', image: 'one' }] },
      },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
  };
}

/** `0` ready, `0p` pending, `0t` terminating, `0f` failed; `0o` ready and of the old revision. */
function podsOf(text: string): Pod[] {
  return text
    .split(' ')
    .filter((t) => t !== '')
    .map((t) => {
      const [, ordinal, state] = /^([0-9]+)([a-z]?)$/.exec(t)!;
      const name = `db-${ordinal}`;
      const phases: Record<string, string> = { p: 'Pending', f: 'Failed' };
      const labels = {
        'statefulset.kubernetes.io/pod-name': name,
        'controller-revision-hash': state === 'o' ? 'old' : 'new',
      };
      const ready = state === '' || state === 'o' || state === 't';
      return {
        metadata: {
          namespace: 'a',
          name,
          labels,
          ...(state === 't' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
        },
        status: {
          phase: phases[state!] ?? 'Running',
          conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
        },
      };
    });
}

describe('planSet', () => {
  const parallel = { podManagementPolicy: 'Parallel' };
  const partition = (n: number): Partial<Spec> => ({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: n } },
  });
  for (const [name, spec, present, want] of [
    ['the first pod', {}, '', 'create 0'],
    ['waits for a pod that starts', {}, '0p', 'claims 0'],
    ['the next one', {}, '0', 'create 1'],
    ['waits for a terminating one', {}, '0t 1 2', ''],
    ['replaces a failed one', {}, '0 1f 2', 'delete 1'],
    ['enough', {}, '0 1 2', ''],
    ['down from the highest', {}, '0 1 2 3 4', 'delete 4'],
    ['waits while going down', {}, '0 1 2 3 4t', ''],
    ['a broken one may go', {}, '0 1 2 3p', 'delete 3'],
    ['the highest first, even so', {}, '0 1 2 3p 4', 'delete 4'],
    ['a broken one above waits for a broken one below', {}, '0 1 2 3p 4p', ''],
    ['all at once', parallel, '', 'create 0, create 1, create 2'],
    ['all down at once', parallel, '0 1 2 3 4', 'delete 4, delete 3'],
    ['from a start', { ordinals: { start: 5 } }, '5', 'create 6'],
    ['out of the range', { ordinals: { start: 5 } }, '0 5 6 7', 'delete 0'],
    ['updates from the highest', {}, '0o 1o 2o', 'delete 2'],
    ['updates one at a time', {}, '0o 1o 2p', 'claims 2'],
    ['goes on when it is ready', {}, '0o 1o 2', 'delete 1'],
    ['down to the partition', partition(2), '0o 1o 2', ''],
    ['creates old ones below it', partition(2), '', 'create 0 old'],
    ['creates new ones above it', partition(1), '0o', 'create 1'],
    ['leaves updates to others', { updateStrategy: { type: 'OnDelete' } }, '0o 1o 2o', ''],
  ] as [string, Partial<Spec>, string, string][]) {
    it(name, () => {
      const { steps } = planSet(
        {
          set: statefulSet(spec),
          current: { name: 'old', template: {} },
          update: { name: 'new', template: {} },
          pods: podsOf(present),
          claimsBlock: () => false,
          claimsDiffer: () => false,
          nowMs: 0,
        },
        0,
      );
      const text = steps.map(({ type, pod }) => {
        const old = pod.metadata?.labels?.['controller-revision-hash'] === 'old';
        const suffix = type === 'create' && old ? ' old' : '';
        return `${type} ${pod.metadata?.name?.slice(3)}${suffix}`;
      });
      assert.equal(text.join(', '), want);
    });
  }
});

describe('withOwners', () => {
  const pod: Pod = { metadata: { name: 'db-0', uid: 'pod' } };
  for (const [whenDeleted, whenScaled, down, want] of [
    ['Retain', 'Retain', false, ''],
    ['Delete', 'Retain', false, 'StatefulSet'],
    ['Delete', 'Retain', true, 'StatefulSet'],
    ['Retain', 'Delete', false, ''],
    ['Retain', 'Delete', true, 'Pod'],
    ['Delete', 'Delete', false, 'StatefulSet'],
    ['Delete', 'Delete', true, 'Pod'],
  ] as const) {
    it(`${whenDeleted} with the set, ${whenScaled} with the pod, ${down ? 'down' : 'up'}`, () => {
      const policy = { whenDeleted, whenScaled };
      const set = statefulSet({ persistentVolumeClaimRetentionPolicy: policy });
      const owned = withOwners({ metadata: { name: 'c' } }, set, pod, down);
      const kinds = (owned.metadata?.ownerReferences ?? []).map((r) => r.kind);
      assert.equal(kinds.join(), want);
      assert.equal(withOwners(owned, set, pod, down), owned);
      const retain = statefulSet();
      assert.deepEqual(withOwners(owned, retain, pod, down).metadata?.ownerReferences ?? [], []);
    });
  }
});

describe('statefulset controller', () => {
  const key = { namespace: 'a', name: 'db' };
  const names = (bed: TestBed) => bed.client.objects(pods).map((p) => p.metadata?.name);
  const status = (bed: TestBed) => bed.client.objects(statefulSets)[0]?.status;

  async function rounds(bed: TestBed, n: number): Promise<void> {
    for (let i = 0; i < n; i++) {
      await bed.runPods();
      await bed.advance(500);
    }
  }

  it('starts pods in order, with claims, updates them and rolls back', async () => {
    await using bed = new TestBed();
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: {} }];
    bed.client.seed(statefulSets, statefulSet({ volumeClaimTemplates }));
    await bed.start([statefulSetController]);
    assert.deepEqual(names(bed), ['db-0']);
    await rounds(bed, 4);
    assert.deepEqual(names(bed), ['db-0', 'db-1', 'db-2']);
    const [pod] = bed.client.objects(pods);
    assert.equal(pod?.spec?.hostname, 'db-0');
    assert.equal(pod?.spec?.subdomain, 'svc');
    assert.equal(pod?.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-db-0');
    assert.deepEqual(
      bed.client.objects(persistentVolumeClaims).map((c) => c.metadata?.name),
      ['data-db-0', 'data-db-1', 'data-db-2'],
    );
    const first = status(bed);
    assert.equal(first?.readyReplicas, 3);
    assert.equal(first?.currentRevision, first?.updateRevision);
    assert.deepEqual(bed.eventTexts().slice(0, 2), [
      'SuccessfulCreate: Create Claim data-db-0 Pod db-0 in StatefulSet db success',
      'SuccessfulCreate: Create Pod db-0 in StatefulSet db successful',
    ]);

    const setImage = async (image: string): Promise<void> => {
      const set = await bed.client.get(statefulSets, key);
      set.spec!.template.spec!.containers[0]!.image = image;
      await bed.client.update(statefulSets, set);
      await bed.advance(500);
      await rounds(bed, 12);
    };
    await setImage('two');
    const second = status(bed);
    assert.notEqual(second?.currentRevision, first?.currentRevision);
    assert.equal(second?.currentRevision, second?.updateRevision);
    assert.equal(second?.updatedReplicas, 3);
    assert.deepEqual(
      bed.client.objects(pods).map((p) => p.spec?.containers[0]?.image),
      ['two', 'two', 'two'],
    );
    await setImage('one');
    assert.equal(status(bed)?.currentRevision, first?.currentRevision);
    const numbers = bed.client.objects(controllerRevisions).map((r) => r.revision);
    assert.deepEqual(numbers.toSorted(), [2, 3]);
    assert.deepEqual(bed.complaints, []);
  });

  it('goes down from the highest and deletes claims when told to', async () => {
    await using bed = new TestBed();
    bed.client.seed(
      statefulSets,
      statefulSet({
        podManagementPolicy: 'Parallel',
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
        persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' },
      }),
    );
    await bed.start([statefulSetController]);
    await rounds(bed, 2);
    assert.equal(names(bed).length, 3);
    const set = await bed.client.get(statefulSets, key);
    await bed.client.update(statefulSets, { ...set, spec: { ...set.spec!, replicas: 1 } });
    await bed.advance(500);
    const owners = bed.client
      .objects(persistentVolumeClaims)
      .map((c) => (c.metadata?.ownerReferences ?? []).map((r) => r.name).join());
    assert.deepEqual(owners, ['', 'db-1', 'db-2']);
    await rounds(bed, 2);
    assert.deepEqual(names(bed), ['db-0']);
  });
});
