import assert from 'node:assert/strict';
import type { Deployment, ReplicaSet } from '../../machinery/schema/wire.ts';
import { byRevision, described, revisionAnnotation } from './replica-sets.ts';

describe('revisions of replica sets', () => {
  const set = (name: string, revision?: string): ReplicaSet => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      ...(revision === undefined ? {} : { annotations: { [revisionAnnotation]: revision } }),
    },
  });
  const deployment: Deployment = { apiVersion: 'apps/v1', kind: 'Deployment', spec: {} as never };
  const next = (fresh: ReplicaSet, ...olds: ReplicaSet[]): string | undefined =>
    described(deployment, fresh, olds).metadata?.annotations?.[revisionAnnotation];

  it('have 64 bits', () => {
    const [low, high] = ['3546343826724305832', '3546343826724305833'];
    assert.equal(next(set('n'), set('a', low)), high);
    assert.deepEqual(
      [set('b', high), set('a', low)].toSorted(byRevision).map((s) => s.metadata?.name),
      ['a', 'b'],
    );
  });

  it('follow the highest of the old ones, and stay where they are higher', () => {
    assert.equal(next(set('n'), set('a', '2'), set('b', 'x'), set('c')), '3');
    assert.equal(next(set('n', '7'), set('a', '2')), '7');
    assert.equal(next(set('n', 'mine'), set('a', '2')), 'mine');
  });
});
