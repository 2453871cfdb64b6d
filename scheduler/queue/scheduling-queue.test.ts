import assert from 'node:assert/strict';
import { FakeClock } from '../../client/fake-clock.ts';
import { clusterEvent, events, on } from '../cluster-event.ts';
import type { Plugin } from '../framework.ts';
import { prioritySort } from '../plugins/priority-sort.ts';
import { schedulingGates } from '../plugins/scheduling-gates.ts';
import { testNode, testPod } from '../test-bed.ts';
import { backoffMs } from './backoff.ts';
import { KeyedHeap } from './heap.ts';
import { InFlight } from './in-flight.ts';
import type { QueuedPod } from './queued-pod.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

const big = {
  name: 'Big',
  wakesOn: [
    { resource: 'Node', on: on.add, hint: (_p, _b, node) => 'cpu' in (node as object) },
    { resource: 'Node', on: on.delete },
  ],
} satisfies Plugin;

function make() {
  const clock = new FakeClock();
  const profile = { preEnqueue: [schedulingGates], plugins: [schedulingGates, big] };
  const queue = new SchedulingQueue({
    clock,
    less: (a, b) => prioritySort.less(a, b),
    profiles: new Map([['default-scheduler', profile]]),
    backoff: { initialMs: 1000, maxMs: 10_000 },
    maxUnschedulableMs: 300_000,
    onActive: () => {},
  });
  const reject = (pod: QueuedPod, ...plugins: string[]) => {
    pod.rejecting = new Set(plugins);
    queue.addUnschedulable(pod);
  };
  return { clock, queue, reject };
}

describe('scheduling queue', () => {
  it('hands out pods by priority, then by age', async () => {
    const { queue, clock } = make();
    queue.add(testPod('a', {}, { priority: 1 }));
    await clock.advance(1);
    queue.add(testPod('b', {}, { priority: 2 }));
    await clock.advance(1);
    queue.add(testPod('c', {}, { priority: 2 }));
    const names = [queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((p) => p?.info.name);
    assert.deepEqual(names, ['b', 'c', 'a', undefined]);
  });

  it('wakes a rejected pod only by what its plugins asked for', () => {
    const { queue, reject } = make();
    queue.add(testPod('a'));
    reject(queue.pop()!, 'Big');
    queue.moveAll(clusterEvent('Node', on.updateNodeLabel), {}, {});
    queue.moveAll(events.nodeAdd, undefined, testNode('n'));
    queue.moveAll(events.assignedPodDelete, {}, undefined);
    assert.equal(queue.where('uid-a'), 'unschedulable');
    queue.moveAll(events.nodeAdd, undefined, { cpu: 1 });
    assert.equal(queue.where('uid-a'), 'backoff');
    // Nothing else waits, so there is no point in waiting.
    assert.equal(queue.pop()?.info.name, 'a');
  });

  it('does not miss what happened while a pod was tried', () => {
    const { queue, reject } = make();
    queue.add(testPod('a'));
    const pod = queue.pop()!;
    queue.moveAll(events.nodeDelete, {}, undefined);
    reject(pod, 'Big');
    assert.equal(queue.where('uid-a'), 'backoff');
  });

  it('makes pods that failed with an error wait, longer each time', async () => {
    const { queue, clock, reject } = make();
    queue.add(testPod('a'));
    reject(queue.pop()!);
    assert.equal(queue.pop(), undefined);
    await clock.advance(1000);
    reject(queue.pop()!);
    await clock.advance(1000);
    assert.equal(queue.pop(), undefined);
    await clock.advance(1000);
    assert.equal(queue.pop()?.info.name, 'a');
  });

  it('tries every pod again after five minutes', async () => {
    const { queue, clock, reject } = make();
    queue.add(testPod('a'));
    reject(queue.pop()!, 'Big');
    await clock.advance(290_000);
    assert.equal(queue.where('uid-a'), 'unschedulable');
    await clock.advance(60_000);
    assert.equal(queue.where('uid-a'), 'active');
    queue.close();
    assert.equal(clock.pending, 0);
  });

  it('follows updates and deletions wherever the pod is', () => {
    const { queue, reject } = make();
    const before = testPod('a');
    const after = testPod('a', {}, { tolerations: [{ key: 'x' }] });
    queue.add(before);
    queue.update(before, after);
    const pod = queue.pop()!;
    assert.equal(pod.info.tolerations.length, 1);
    reject(pod, 'Big');
    queue.delete('uid-a');
    assert.equal(queue.where('uid-a'), undefined);
  });

  it('keeps gated pods out until the gates are gone', () => {
    const { queue } = make();
    const gated = testPod('a', {}, { schedulingGates: [{ name: 'g' }] });
    queue.add(gated);
    assert.equal(queue.pop(), undefined);
    queue.moveAll(events.nodeAdd, undefined, { cpu: 1 });
    assert.equal(queue.counts().gated, 1);
    queue.update(gated, testPod('a'));
    assert.equal(queue.pop()?.info.name, 'a');
  });

  it('activates pods at once', () => {
    const { queue, reject } = make();
    queue.add(testPod('a'));
    const pod = queue.pop()!;
    reject(pod, 'Big');
    queue.activate([pod.info]);
    assert.equal(queue.where('uid-a'), 'active');
  });

  it('remembers nominations over updates that do not know of them', () => {
    const { queue } = make();
    const pod = testPod('a');
    queue.add(pod);
    const info = queue.pop()!;
    queue.nominator.nominate(info.info, 'n1');
    info.rejecting = new Set(['Big']);
    queue.addUnschedulable(info);
    queue.update(pod, { ...pod, metadata: { ...pod.metadata, labels: { a: 'b' } } });
    assert.equal(queue.nominator.nodeOf('uid-a'), 'n1');
    queue.delete('uid-a');
    assert.equal(queue.nominator.empty, true);
  });
});

describe('queue parts', () => {
  it('back-off doubles up to its limit', () => {
    const limits = { initialMs: 1000, maxMs: 10_000 };
    const waits = [0, 1, 2, 3, 4, 5, 60].map((n) => backoffMs(limits, n));
    assert.deepEqual(waits, [0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('the heap stays in order when members are replaced and removed', () => {
    const heap = new KeyedHeap<{ k: string; v: number }>(
      (item) => item.k,
      (a, b) => a.v < b.v,
    );
    for (const [k, v] of [
      ['a', 5],
      ['b', 3],
      ['c', 8],
      ['d', 1],
      ['e', 4],
    ] as const) {
      heap.set({ k, v });
    }
    heap.set({ k: 'c', v: 0 });
    heap.delete('d');
    const order: string[] = [];
    for (let item = heap.pop(); item !== undefined; item = heap.pop()) order.push(item.k);
    assert.deepEqual(order, ['c', 'b', 'e', 'a']);
  });

  it('events are kept only while a pod taken before them is out', () => {
    const flight = new InFlight();
    const happening = (n: number) => ({ event: events.nodeAdd, before: undefined, after: n });
    flight.note(happening(0));
    flight.take('a');
    flight.note(happening(1));
    flight.take('b');
    flight.note(happening(2));
    assert.deepEqual(
      flight.since('a').map((h) => h.after),
      [1, 2],
    );
    flight.done('a');
    assert.deepEqual(
      flight.since('b').map((h) => h.after),
      [2],
    );
    flight.done('b');
    flight.note(happening(3));
    flight.take('c');
    assert.deepEqual(flight.since('c'), []);
  });
});
