import assert from 'node:assert/strict';
import { deployments, pods, replicaSets } from '../../client/resources.ts';
import { forbidden } from '../../machinery/meta/status-error.ts';
import type { Deployment, ReplicaSet } from '../../machinery/schema/wire.ts';
import { isPodActive } from '../pods/pod-state.ts';
import { replicaSetController } from '../replicaset/replicaset.ts';
import { TestBed } from '../test-bed.ts';
import { deploymentController } from './deployment.ts';
import { newSet, revisionAnnotation, setReplicas } from './replica-sets.ts';
import { rescale, roll } from './sizing.ts';

type Strategy = NonNullable<Deployment['spec']>['strategy'];

function deployment(replicas: number, image = 'a', strategy?: Strategy): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'a', name: 'web', generation: 1, uid: 'web-uid' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image }] },
      },
      strategy: strategy ?? {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: 1, maxUnavailable: 1 },
      },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 2,
    },
  };
}

function set(name: string, replicas: number, available: number, max?: number): ReplicaSet {
  return {
    metadata: {
      name,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(max === undefined
        ? {}
        : { annotations: { 'deployment.kubernetes.io/max-replicas': String(max) } }),
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
}

const sizes = (sets: readonly (ReplicaSet | undefined)[]): number[] =>
  sets.flatMap((s) => (s === undefined ? [] : [setReplicas(s)]));

describe('roll', () => {
  const rolling = (maxSurge: number | string, maxUnavailable: number | string) =>
    deployment(10, 'a', { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } });
  const cases: [
    name: string,
    deployment: Deployment,
    fresh: [number, number],
    old: [number, number],
    then: [number, number],
  ][] = [
    ['up by the surge', rolling(3, 2), [0, 0], [10, 10], [3, 10]],
    ['down while the new ones start', rolling(3, 2), [3, 0], [10, 10], [3, 8]],
    ['up into the room made', rolling(3, 2), [3, 0], [8, 8], [5, 8]],
    ['nothing while the minimum holds', rolling(3, 2), [5, 0], [8, 8], [5, 8]],
    ['down what is made up for', rolling(3, 2), [5, 3], [8, 8], [5, 5]],
    ['broken old ones first', rolling(3, 2), [5, 5], [8, 4], [5, 3]],
    ['a new set that is too large', rolling(3, 2), [12, 10], [0, 0], [10, 0]],
    ['by percent, up and down', rolling('25%', '25%'), [0, 0], [10, 10], [3, 10]],
    ['without surge from below', rolling(0, '1%'), [0, 0], [10, 10], [0, 9]],
  ];
  for (const [name, d, fresh, old, then] of cases) {
    it(name, () => {
      const next = roll(d, { fresh: set('new', ...fresh), olds: [set('old', ...old)] });
      assert.deepEqual(sizes([next.fresh, ...next.olds]), then);
    });
  }
});

describe('rescale', () => {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
  for (const [name, to, fresh, olds, then] of [
    ['the only active set gets all', 8, 0, [5], [0, 8]],
    ['up in proportion', 20, 5, [5], [10, 10]],
    ['down in proportion', 5, 5, [5], [2, 3]],
    ['leftovers to the largest', 12, 2, [8], [2, 10]],
    ['to nothing', 0, 4, [6], [0, 0]],
  ] as const) {
    it(name, () => {
      const sets = {
        fresh: set('new', fresh, 0, 10),
        olds: olds.map((n, i) => set(`old${i}`, n, n, 10)),
      };
      const next = rescale(deployment(to, 'a', strategy), sets);
      assert.deepEqual(sizes([next.fresh, ...next.olds]), then);
    });
  }
});

describe('newSet', () => {
  it('names it by its hash, hands annotations on and numbers it', () => {
    const d = deployment(3);
    d.metadata!.annotations = {
      note: 'x',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const made = newSet(d, [], 3);
    const hash = made.metadata?.labels?.['pod-template-hash'] ?? '';
    assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{7,10}$/);
    assert.equal(made.metadata?.name, `web-${hash}`);
    assert.equal(made.spec?.selector.matchLabels?.['pod-template-hash'], hash);
    assert.deepEqual(made.metadata?.annotations, {
      note: 'x',
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    d.status = { collisionCount: 1 };
    assert.notEqual(newSet(d, [], 3).metadata?.name, made.metadata?.name);
  });
});

describe('deployment controller', () => {
  const key = { namespace: 'a', name: 'web' };
  const controllers = [deploymentController, replicaSetController];

  async function rollOut(bed: TestBed, rounds = 8): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      await bed.runPods();
      await bed.advance(1_000);
    }
  }

  async function setImage(bed: TestBed, image: string): Promise<void> {
    const d = await bed.client.get(deployments, key);
    d.spec!.template.spec!.containers[0]!.image = image;
    await bed.client.update(deployments, d);
    await bed.settle();
  }

  const condition = (bed: TestBed, type: string) =>
    bed.client.objects(deployments)[0]?.status?.conditions?.find((c) => c.type === type);

  it('rolls out, updates step by step, rolls back to an old set', async () => {
    await using bed = new TestBed();
    bed.client.seed(deployments, deployment(3));
    await bed.start(controllers);
    const first = bed.client.objects(replicaSets)[0]!.metadata!.name!;
    assert.deepEqual(
      bed.eventTexts().filter((t) => t.startsWith('Scaling')),
      [`ScalingReplicaSet: Scaled up replica set ${first} from 0 to 3`],
    );
    await rollOut(bed, 2);
    assert.deepEqual(bed.client.objects(deployments)[0]?.status, {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
          lastUpdateTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          message: `ReplicaSet "${first}" has successfully progressed.`,
          lastUpdateTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    });
    assert.equal(
      bed.client.objects(deployments)[0]?.metadata?.annotations?.[revisionAnnotation],
      '1',
    );

    await setImage(bed, 'b');
    assert.ok(bed.client.objects(pods).filter(isPodActive).length <= 4);
    await rollOut(bed);
    const live = bed.client.objects(replicaSets).filter((s) => setReplicas(s) > 0);
    assert.deepEqual(
      live.map((s) => s.metadata?.annotations?.[revisionAnnotation]),
      ['2'],
    );
    assert.equal(condition(bed, 'Progressing')?.reason, 'NewReplicaSetAvailable');

    await setImage(bed, 'a');
    await rollOut(bed);
    const back = bed.client.objects(replicaSets).find((s) => s.metadata?.name === first);
    assert.equal(setReplicas(back!), 3);
    assert.equal(back?.metadata?.annotations?.[revisionAnnotation], '3');
    assert.equal(back?.metadata?.annotations?.['deployment.kubernetes.io/revision-history'], '1');
    assert.equal(bed.client.objects(replicaSets).length, 2);
  });

  it('recreates: no new pod before the last old one is gone', async () => {
    await using bed = new TestBed();
    bed.client.seed(deployments, deployment(2, 'a', { type: 'Recreate' }));
    await bed.start(controllers);
    await rollOut(bed, 2);
    await setImage(bed, 'b');
    const marked = bed.client.objects(pods);
    assert.equal(marked.length, 2);
    assert.ok(marked.every((p) => p.metadata?.deletionTimestamp !== undefined));
    await rollOut(bed, 4);
    const images = bed.client.objects(pods).map((p) => p.spec?.containers[0]?.image);
    assert.deepEqual(images, ['b', 'b']);
  });

  it('keeps still while paused, and says when progress fails', async () => {
    await using bed = new TestBed();
    bed.client.seed(deployments, deployment(1));
    await bed.start(controllers);
    await rollOut(bed, 2);
    let d = await bed.client.get(deployments, key);
    d.spec!.paused = true;
    d.spec!.template.spec!.containers[0]!.image = 'broken';
    await bed.client.update(deployments, d);
    await bed.settle();
    assert.equal(condition(bed, 'Progressing')?.reason, 'DeploymentPaused');
    assert.equal(bed.client.objects(replicaSets).length, 1);

    d = await bed.client.get(deployments, key);
    d.spec!.paused = false;
    await bed.client.update(deployments, d);
    await bed.settle();
    assert.equal(bed.client.objects(replicaSets).length, 2);
    await bed.advance(602_000);
    assert.equal(condition(bed, 'Progressing')?.reason, 'ProgressDeadlineExceeded');
    assert.match(
      condition(bed, 'Progressing')?.message ?? '',
      /^ReplicaSet "web-.*" has timed out/,
    );
  });

  it('cleans up beyond the history limit', async () => {
    await using bed = new TestBed();
    bed.client.seed(deployments, deployment(1));
    await bed.start(controllers);
    for (const image of ['b', 'c', 'd', 'e']) {
      await rollOut(bed, 4);
      await setImage(bed, image);
    }
    await rollOut(bed, 4);
    const revisions = bed.client
      .objects(replicaSets)
      .map((s) => s.metadata?.annotations?.[revisionAnnotation]);
    assert.deepEqual(revisions.toSorted(), ['3', '4', '5']);
  });

  it('reports that a set cannot be created', async () => {
    await using bed = new TestBed();
    bed.client.seed(deployments, deployment(1));
    bed.client.before = (call) => {
      if (call.verb !== 'create' || call.resource !== 'replicasets') return;
      throw forbidden({ group: 'apps', resource: 'replicasets' }, 'web-x', 'exceeded quota: q');
    };
    await bed.start(controllers);
    assert.equal(condition(bed, 'Progressing')?.reason, 'ReplicaSetCreateError');
    assert.match(bed.eventTexts()[0]!, /Failed to create new replica set "web-.*exceeded quota/);
  });
});
