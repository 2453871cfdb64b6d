import assert from 'node:assert/strict';
import { nodes, pods } from '../../client/resources.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { planPodGc } from './plan.ts';
import { podGarbageCollector } from './pod-gc.ts';

interface PodSketch {
  readonly node?: string;
  readonly phase?: string;
  readonly evicted?: boolean;
  readonly deleted?: boolean;
  readonly created?: string;
}

function pod(name: string, sketch: PodSketch = {}): Pod {
  const { node, phase = 'Running', evicted, deleted, created } = sketch;
  return {
    metadata: {
      namespace: 'a',
      name,
      uid: name,
      generation: 1,
      creationTimestamp: `2026-01-01T00:00:${created ?? '00'}Z`,
      ...(deleted === true ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
    },
    spec: { containers: [], ...(node === undefined ? {} : { nodeName: node }) },
    status: { phase, ...(evicted === true ? { reason: 'Evicted' } : {}) },
  };
}

function node(name: string, ready: boolean, taint?: string): Node {
  return {
    metadata: { name },
    spec: taint === undefined ? {} : { taints: [{ key: taint, effect: 'NoExecute' }] },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
  };
}

describe('planPodGc', () => {
  const out = 'node.kubernetes.io/out-of-service';
  const known = [node('up', true, out), node('down', false), node('out', false, out)];
  for (const [name, list, threshold, gone, want] of [
    ['running pods stay', [pod('a', { node: 'up' })], 1, [], ''],
    ['a few ended ones stay', [pod('a', { phase: 'Failed' })], 1, [], ''],
    [
      'the oldest ended one goes',
      [
        pod('a', { phase: 'Failed', created: '02' }),
        pod('b', { phase: 'Succeeded', created: '01' }),
      ],
      1,
      [],
      'b',
    ],
    [
      'evicted ones first',
      [pod('a', { phase: 'Failed', created: '02', evicted: true }), pod('b', { phase: 'Failed' })],
      1,
      [],
      'a',
    ],
    ['no threshold', [pod('a', { phase: 'Failed' }), pod('b', { phase: 'Failed' })], 0, [], ''],
    ['deleted before scheduled', [pod('a', { deleted: true }), pod('b')], 1, [], 'a'],
    [
      'deleted on nodes',
      ['up', 'down', 'out'].map((n) => pod(n, { node: n, deleted: true })),
      1,
      [],
      'out',
    ],
    ['of a node that is gone', [pod('a', { node: 'x' }), pod('b')], 1, ['x'], 'a!'],
  ] as [string, Pod[], number, string[], string][]) {
    it(name, () => {
      const plan = planPodGc({
        pods: list,
        node: (n) => known.find((k) => k.metadata?.name === n),
        terminatedThreshold: threshold,
        goneNodes: new Set(gone),
      });
      const names = [
        ...plan.remove.map((p) => p.metadata?.name),
        ...plan.orphans.map((p) => `${p.metadata?.name}!`),
      ];
      assert.equal(names.join(' '), want);
    });
  }
});

describe('pod garbage collector', () => {
  it('fails and deletes orphans after the quarantine', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, node('up', true));
    const held = pod('held', { node: 'gone' });
    held.metadata!.finalizers = ['x/keep'];
    bed.client.seed(pods, pod('a', { node: 'gone' }), pod('b', { node: 'up' }), held);
    await bed.start([podGarbageCollector]);
    await bed.advance(20_000);
    assert.equal(bed.client.objects(pods).length, 3);
    await bed.advance(20_000);
    const left = bed.client.objects(pods);
    assert.deepEqual(left.map((p) => p.metadata?.name).toSorted(), ['b', 'held']);
    const status = left.find((p) => p.metadata?.name === 'held')?.status;
    assert.equal(status?.phase, 'Failed');
    const condition = status?.conditions?.[0];
    assert.equal(condition?.type, 'DisruptionTarget');
    assert.equal(condition?.reason, 'DeletionByPodGC');
    assert.equal(condition?.message, 'PodGC: node no longer exists');
    assert.deepEqual(bed.complaints, []);
  });
});
