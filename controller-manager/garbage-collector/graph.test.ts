import assert from 'node:assert/strict';
import type { OwnerReference } from '../../machinery/schema/wire.ts';
import { type Identity, OwnerGraph } from './graph.ts';
import { planGarbage } from './plan.ts';

const id = (uid: string, namespace = 'a', kind = 'Pod'): Identity => ({
  apiVersion: 'v1',
  kind,
  namespace,
  name: uid,
  uid,
});
const ref = (uid: string, extra: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name: uid,
  uid,
  ...extra,
});

describe('OwnerGraph', () => {
  let seen: string[];
  let graph: OwnerGraph;
  beforeEach(() => {
    seen = [];
    graph = new OwnerGraph({
      attemptToDelete: (uid) => seen.push(`delete ${uid}`),
      attemptToDeleteLater: (uid) => seen.push(`later ${uid}`),
      attemptToOrphan: (uid) => seen.push(`orphan ${uid}`),
      absent: (i) => seen.push(`absent ${i.kind} ${i.namespace}/${i.name}`),
      invalidNamespace: (n, uid) => seen.push(`invalid ${n.identity.uid} ${uid}`),
    });
  });
  const take = (): string[] => seen.splice(0);

  it('asks about an owner it has not seen, until it is seen', () => {
    graph.observe(id('child'), { ownerReferences: [ref('owner')] });
    assert.deepEqual(take(), ['delete owner']);
    assert.equal(graph.node('owner')?.virtual, true);
    graph.observe(id('owner'), {});
    assert.deepEqual(take(), []);
    assert.equal(graph.node('owner')?.virtual, false);
    assert.equal(graph.node('owner')?.dependents.size, 1);
  });

  it('wakes dependents when their owner goes, by a watch or by the server’s word', () => {
    graph.observe(id('owner'), {});
    graph.observe(id('child'), { ownerReferences: [ref('owner')] });
    graph.forget(id('owner'));
    assert.deepEqual(take(), ['absent Pod a/owner', 'delete child']);
    graph.observe(id('other'), { ownerReferences: [ref('ghost')] });
    take();
    graph.forgetVirtual(id('ghost'));
    assert.deepEqual(take(), ['absent Pod a/ghost', 'delete other']);
    assert.equal(graph.node('ghost'), undefined);
  });

  it('reports owners in another namespace', () => {
    graph.observe(id('owner', 'b'), {});
    graph.observe(id('child'), { ownerReferences: [ref('owner')] });
    assert.deepEqual(take(), ['invalid child owner', 'delete child']);
    graph.observe(id('early'), { ownerReferences: [ref('late')] });
    take();
    graph.observe(id('late', 'b'), {});
    assert.deepEqual(take(), ['invalid early late', 'delete early']);
  });

  it('lets cluster-scoped owners be owned from anywhere', () => {
    graph.observe(id('node', '', 'Node'), {});
    graph.observe(id('child'), { ownerReferences: [ref('node', { kind: 'Node' })] });
    assert.deepEqual(take(), []);
  });

  it('tries the other names that dependents know an owner by', () => {
    graph.observe(id('c1'), { ownerReferences: [ref('owner')] });
    graph.observe(id('c2'), { ownerReferences: [ref('owner', { kind: 'Secret' })] });
    take();
    graph.forgetVirtual(id('owner'));
    assert.deepEqual(take(), ['absent Pod a/owner', 'delete c1', 'later owner']);
    assert.equal(graph.node('owner')?.identity.kind, 'Secret');
  });

  it('starts foreground and orphaning deletions once', () => {
    graph.observe(id('owner'), {});
    graph.observe(id('child'), { ownerReferences: [ref('owner', { blockOwnerDeletion: true })] });
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    graph.observe(id('owner'), { deletionTimestamp, finalizers: ['foregroundDeletion'] });
    graph.observe(id('owner'), { deletionTimestamp, finalizers: ['foregroundDeletion'] });
    assert.deepEqual(take(), ['delete child', 'delete owner']);
    graph.forget(id('child'));
    assert.deepEqual(take(), ['delete owner']);
    graph.observe(id('o2'), { deletionTimestamp, finalizers: ['orphan'] });
    assert.deepEqual(take(), ['orphan o2']);
  });

  it('wakes an owner that is no longer blocked', () => {
    graph.observe(id('owner'), {});
    const blocking = { ownerReferences: [ref('owner', { blockOwnerDeletion: true })] };
    graph.observe(id('child'), blocking);
    graph.observe(id('child'), { ownerReferences: [ref('owner')] });
    assert.deepEqual(take(), ['delete owner']);
    graph.observe(id('child'), blocking);
    graph.observe(id('child'), {});
    assert.deepEqual(take(), ['delete owner']);
    assert.equal(graph.node('owner')?.dependents.size, 0);
  });
});

describe('planGarbage', () => {
  const solid = { reference: ref('s'), state: 'solid' } as const;
  const dangling = { reference: ref('d'), state: 'dangling' } as const;
  const waiting = { reference: ref('w'), state: 'waiting' } as const;
  const deletes = (policy: string, unblock = false) => ({ type: 'delete', policy, unblock });
  for (const [name, references, finalizers, dependents, want] of [
    ['no owners', [], [], [], { type: 'keep' }],
    ['one owner lives', [solid], [], [], { type: 'keep' }],
    [
      'some are gone',
      [solid, dangling, waiting],
      [],
      [],
      { type: 'dropReferences', uids: ['d', 'w'] },
    ],
    ['all are gone', [dangling], [], [], deletes('Background')],
    ['all are gone, wanted to orphan', [dangling], ['orphan'], [], deletes('Orphan')],
    [
      'all are gone, in the foreground',
      [dangling],
      ['foregroundDeletion'],
      [],
      deletes('Foreground'),
    ],
    ['an owner waits', [waiting], [], [], deletes('Background')],
    ['an owner waits, own dependents', [waiting], [], [false], deletes('Foreground')],
    ['a circle', [waiting], [], [true], deletes('Foreground', true)],
  ] as const) {
    it(name, () => {
      const states = dependents.map((deletingDependents) => ({ deletingDependents }));
      const meta = { finalizers: [...finalizers] };
      assert.deepEqual(planGarbage(meta, references, states), want);
    });
  }
});
