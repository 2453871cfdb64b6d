import assert from 'node:assert/strict';
import { controllerRevisions, daemonSets, nodes, pods } from '../../client/resources.ts';
import type { DaemonSet, Node, Pod } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { daemonSetController } from './daemonset.ts';
import { judgeNode, targetNode, templateFor } from './nodes.ts';
import { daemonStatus, planDaemons } from './plan.ts';

type Spec = NonNullable<DaemonSet['spec']>;

function daemonSet(template: object = {}, spec: Partial<Spec> = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'a', name: 'd', generation: 1, uid: 'd' },
    spec: {
      selector: { matchLabels: { app: 'd' } },
      template: {
        metadata: { labels: { app: 'd' } },
        spec: { containers: [{ name: 'c', image: 'one' }], ...template },
      },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      ...spec,
    },
  };
}

function node(name: string, extra: { labels?: Record<string, string>; taint?: string } = {}): Node {
  const [key, effect] = (extra.taint ?? '').split(':');
  return {
    metadata: { name, labels: extra.labels ?? {} },
    spec: extra.taint === undefined ? {} : { taints: [{ key: key!, effect: effect! }] },
  };
}

describe('judgeNode', () => {
  const selecting = { nodeSelector: { disk: 'ssd' } };
  for (const [name, set, n, want] of [
    ['any node', daemonSet(), node('n'), 'run'],
    ['another name', daemonSet({ nodeName: 'm' }), node('n'), 'no'],
    ['the wrong labels', daemonSet(selecting), node('n'), 'no'],
    ['the right labels', daemonSet(selecting), node('n', { labels: { disk: 'ssd' } }), 'run'],
    ['a taint', daemonSet(), node('n', { taint: 'x:NoSchedule' }), 'stay'],
    ['a taint that drives out', daemonSet(), node('n', { taint: 'x:NoExecute' }), 'no'],
    ['a mild taint', daemonSet(), node('n', { taint: 'x:PreferNoSchedule' }), 'run'],
    [
      'a taint that is tolerated',
      daemonSet({ tolerations: [{ operator: 'Exists' }] }),
      node('n', { taint: 'x:NoExecute' }),
      'run',
    ],
    [
      'trouble of the node',
      daemonSet(),
      node('n', { taint: 'node.kubernetes.io/unreachable:NoExecute' }),
      'run',
    ],
    [
      'no network',
      daemonSet(),
      node('n', { taint: 'node.kubernetes.io/network-unavailable:NoSchedule' }),
      'stay',
    ],
    [
      'no network needed',
      daemonSet({ hostNetwork: true }),
      node('n', { taint: 'node.kubernetes.io/network-unavailable:NoSchedule' }),
      'run',
    ],
  ] as const) {
    it(name, () => {
      const { run, stay } = judgeNode(set, n);
      assert.equal(run ? 'run' : stay ? 'stay' : 'no', want);
    });
  }
});

/** `n1:new n2:old! n3:new~`: on each node a pod; `!` not ready, `~` terminating, `x` failed. */
function podsOf(text: string): Pod[] {
  return text
    .split(' ')
    .filter((t) => t !== '')
    .map((t, i) => {
      const [, nodeName = '', hash = '', state] = /^(\w+):(new|old)(.?)$/.exec(t)!;
      return {
        metadata: {
          namespace: 'a',
          name: `p${i}`,
          labels: { 'controller-revision-hash': hash },
          ...(state === '~' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
        },
        spec: { nodeName, containers: [] },
        status: {
          phase: state === 'x' ? 'Failed' : 'Running',
          conditions: [{ type: 'Ready', status: state === '!' ? 'False' : 'True' }],
        },
      };
    });
}

describe('planDaemons', () => {
  const rolling = (maxUnavailable: number | string, maxSurge: number | string) => ({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
  });
  const three = [node('n1'), node('n2'), node('n3')];
  for (const [name, spec, present, want] of [
    ['a pod per node', {}, 'n1:new', '+n2 +n3'],
    ['nothing to do', {}, 'n1:new n2:new n3:new', ''],
    ['waits for a terminating one', {}, 'n1:new n2:new n3:new~', ''],
    ['one too many', {}, 'n1:new n1:new n2:new n3:new', '-p1'],
    ['a failed one', {}, 'n1:newx n2:new n3:new', '-p0'],
    ['updates one', rolling(1, 0), 'n1:old n2:old n3:old', '-p0'],
    ['updates two', rolling('50%', 0), 'n1:old n2:old n3:old', '-p0 -p1'],
    ['waits for the new one', rolling(1, 0), 'n1:new! n2:old n3:old', ''],
    ['a broken old one does not count', rolling(1, 0), 'n1:new! n2:old! n3:old', '-p1'],
    ['leaves it to others', { updateStrategy: { type: 'OnDelete' } }, 'n1:old n2:old n3:old', ''],
    ['surges', rolling(0, 1), 'n1:old n2:old n3:old', '+n1'],
    ['waits while surging', rolling(0, 1), 'n1:old n1:new! n2:old n3:old', ''],
    ['the old one goes', rolling(0, 1), 'n1:old n1:new n2:old n3:old', '-p0'],
    ['surges at once where it is broken', rolling(0, 1), 'n1:old! n2:old n3:old', '+n1 +n2'],
  ] as [string, Partial<Spec>, string, string][]) {
    it(name, () => {
      const { create, remove } = planDaemons({
        set: daemonSet({}, spec),
        hash: 'new',
        nodes: three,
        pods: podsOf(present),
        failedWaitMs: () => 0,
        nowMs: 0,
      });
      const text = [...create.map((n) => `+${n}`), ...remove.map((p) => `-${p.metadata?.name}`)];
      assert.equal(text.join(' '), want);
    });
  }

  it('clears nodes that are not wanted, and pods of nodes that are gone', () => {
    const view = {
      set: daemonSet({ nodeSelector: { disk: 'ssd' } }),
      hash: 'new',
      nodes: [node('n1'), node('n2', { labels: { disk: 'ssd' } })],
      pods: podsOf('n1:new n2:new gone:new'),
      failedWaitMs: () => 0,
      nowMs: 0,
    };
    assert.deepEqual(
      planDaemons(view).remove.map((p) => p.metadata?.name),
      ['p0'],
    );
    assert.deepEqual(daemonStatus(view, 0), {
      currentNumberScheduled: 1,
      numberMisscheduled: 1,
      desiredNumberScheduled: 1,
      numberReady: 1,
      observedGeneration: 1,
      updatedNumberScheduled: 1,
      numberAvailable: 1,
    });
  });
});

describe('templateFor', () => {
  it('binds by affinity, tolerates and labels', () => {
    const set = daemonSet({ tolerations: [{ key: 'x', operator: 'Exists' }] });
    set.metadata!.annotations = { 'deprecated.daemonset.template.generation': '3' };
    const template = templateFor(set, 'n1', 'h');
    assert.deepEqual(template.metadata?.labels, {
      app: 'd',
      'pod-template-generation': '3',
      'controller-revision-hash': 'h',
    });
    assert.equal(template.spec?.tolerations?.length, 7);
    assert.equal(targetNode({ spec: template.spec! }), 'n1');
  });
});

describe('daemonset controller', () => {
  it('follows nodes, updates and keeps a history', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, node('n1'), node('n2'));
    bed.client.seed(daemonSets, daemonSet());
    await bed.start([daemonSetController]);
    const images = () =>
      bed.client.objects(pods).map((p) => `${targetNode(p)} ${p.spec?.containers[0]?.image}`);
    assert.deepEqual(images().toSorted(), ['n1 one', 'n2 one']);
    const run = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        for (const p of bed.client.objects(pods)) {
          if (p.spec?.nodeName !== undefined || p.metadata?.deletionTimestamp !== undefined)
            continue;
          await bed.client.update(pods, { ...p, spec: { ...p.spec!, nodeName: targetNode(p)! } });
        }
        await bed.runPods();
        await bed.advance(500);
      }
    };
    await run();
    bed.client.seed(nodes, node('n3'));
    await bed.advance(200);
    await run();
    const status = () => bed.client.objects(daemonSets)[0]?.status;
    assert.equal(status()?.numberAvailable, 3);
    const set = await bed.client.get(daemonSets, { namespace: 'a', name: 'd' });
    set.spec!.template.spec!.containers[0]!.image = 'two';
    await bed.client.update(daemonSets, set);
    await bed.advance(200);
    await run();
    assert.deepEqual(images().toSorted(), ['n1 two', 'n2 two', 'n3 two']);
    assert.equal(status()?.updatedNumberScheduled, 3);
    assert.equal(status()?.observedGeneration, 2);
    const history = bed.client.objects(controllerRevisions).map((r) => r.revision);
    assert.deepEqual(history.toSorted(), [1, 2]);
    assert.deepEqual(bed.complaints, []);
  });
});
