import assert from 'node:assert/strict';
import type { Pod } from '../../machinery/schema/wire.ts';
import { podsToDelete } from './pod-ranking.ts';

const now = Date.UTC(2026, 0, 2);
const at = (secondsAgo: number): string =>
  new Date(now - secondsAgo * 1000).toISOString().replace('.000', '');

interface Shape {
  node?: string;
  phase?: string;
  readySince?: number;
  cost?: string;
  restarts?: number;
  age?: number;
}

function pod(name: string, s: Shape): Pod {
  const status: NonNullable<Pod['status']> = { phase: s.phase ?? 'Running' };
  if (s.readySince !== undefined) {
    status.conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(s.readySince) }];
  }
  if (s.restarts !== undefined) {
    status.containerStatuses = [
      { name: 'c', restartCount: s.restarts, ready: true, image: '', imageID: '' },
    ];
  }
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: at(s.age ?? 1000),
      ...(s.cost === undefined
        ? {}
        : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': s.cost } }),
    },
    spec: { containers: [], ...(s.node === '' ? {} : { nodeName: s.node ?? 'n' }) },
    status,
  };
}

describe('podsToDelete', () => {
  const cases: [name: string, first: Shape, second: Shape][] = [
    ['unassigned before assigned', { node: '' }, { phase: 'Pending' }],
    ['pending before unknown', { phase: 'Pending' }, { phase: 'Unknown' }],
    ['unknown before running', { phase: 'Unknown' }, {}],
    ['not ready before ready', {}, { readySince: 1 }],
    ['cheaper before dearer', { readySince: 900, cost: '-1' }, { readySince: 1 }],
    ['an invalid cost is 0', { readySince: 1, cost: '+9' }, { readySince: 900, cost: '1' }],
    ['ready for less time first', { readySince: 1 }, { readySince: 900 }],
    ['more restarts first', { restarts: 3 }, { restarts: 1 }],
    ['younger first', { age: 10 }, { age: 1000 }],
    ['of about one age by uid', { age: 1001 }, { age: 1000 }],
  ];
  for (const [name, first, second] of cases) {
    it(name, () => {
      const pods = [pod('a', first), pod('b', second)];
      assert.equal(podsToDelete(pods, [], 1, now)[0]?.metadata?.name, 'a');
      assert.equal(podsToDelete(pods.toReversed(), [], 1, now)[0]?.metadata?.name, 'a');
    });
  }

  it('relieves the node with most siblings', () => {
    const pods = [pod('a', { node: 'm' }), pod('b', { node: 'n' })];
    const related = [...pods, pod('c', { node: 'n' })];
    assert.equal(podsToDelete(pods, related, 1, now)[0]?.metadata?.name, 'b');
  });
});
