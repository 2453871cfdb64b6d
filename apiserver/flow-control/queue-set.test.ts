/** Fair queuing of one priority level. */
import assert from 'node:assert/strict';
import { FlowStats } from './flow-stats.ts';
import { QueueSet, type Queuing } from './queue-set.ts';
import type { QueuedRequest, Work } from './queued-request.ts';
import { SeatDemand } from './seat-demand.ts';

const one: Work = { initialSeats: 1, finalSeats: 0, lingerMs: 0 };

function setUp(queuing: Queuing, limit: number) {
  let nowMs = 0;
  const lingering: { readonly at: number; readonly run: () => void }[] = [];
  const demand = new SeatDemand(0);
  const set = new QueueSet({
    demand,
    nowMs: () => nowMs,
    later: (ms, run) => lingering.push({ at: nowMs + ms, run }),
  });
  set.configure(queuing, limit);
  const stats = new FlowStats('level', 'schema');
  const served: string[] = [];
  return {
    set,
    demand,
    stats,
    served,
    /** Asks for a name in a queue of its own; notes when it is served. */
    ask(name: string, hand: readonly number[] = [0], work: Work = one): QueuedRequest | undefined {
      const request = set.request(work, stats, hand);
      if (request?.state === 'executing') served.push(name);
      else if (request !== undefined) request.onSeats = () => served.push(name);
      return request;
    },
    pass(ms: number) {
      nowMs += ms;
      for (const l of lingering.splice(0)) {
        if (l.at <= nowMs) l.run();
        else lingering.push(l);
      }
    },
  };
}

describe('QueueSet', () => {
  it('serves at once while there are seats, then in order', () => {
    const { set, ask, served } = setUp({ queues: 1, queueLengthLimit: 10 }, 2);
    const [a, b] = [ask('a')!, ask('b')!];
    const c = ask('c')!;
    ask('d');
    assert.deepEqual(served, ['a', 'b']);
    set.finish(a);
    assert.deepEqual(served, ['a', 'b', 'c']);
    set.finish(b);
    set.finish(c);
    assert.deepEqual(served, ['a', 'b', 'c', 'd']);
  });

  it('has room for as many queues as a configuration may ask for', () => {
    const { ask, set, served } = setUp({ queues: 10_000_000, queueLengthLimit: 10 }, 1);
    const a = ask('a', [9_999_999])!;
    ask('b', [5_000_000, 9_999_999]);
    set.finish(a);
    assert.deepEqual(served, ['a', 'b']);
    assert.equal(set.queues.length, 10_000);
  });

  it('rejects what comes beyond the queue length', () => {
    const { ask, stats, set } = setUp({ queues: 1, queueLengthLimit: 1 }, 1);
    ask('a');
    ask('b');
    assert.equal(ask('c'), undefined);
    assert.equal(stats.rejected['queue-full'], 1);
    assert.equal(set.rejected, 1);
  });

  it('rejects at once where there are no queues', () => {
    const { set, ask, stats } = setUp('reject', 1);
    const a = ask('a')!;
    assert.equal(ask('b'), undefined);
    assert.equal(stats.rejected['concurrency-limit'], 1);
    set.finish(a);
    assert.notEqual(ask('c'), undefined);
  });

  it('never makes anybody wait who is exempt', () => {
    const { ask, set } = setUp('exempt', 0);
    for (let i = 0; i < 100; i++) assert.equal(ask(`r${i}`)?.state, 'executing');
    assert.equal(set.executing, 100);
  });

  it('shares seats between queues, however long one of them is', () => {
    const { set, ask, served, pass } = setUp({ queues: 2, queueLengthLimit: 100 }, 1);
    const first = ask('flood-0', [0])!;
    const waiting = [first];
    for (let i = 1; i <= 20; i++) waiting.push(ask(`flood-${i}`, [0])!);
    for (let i = 0; i < 3; i++) waiting.push(ask(`quiet-${i}`, [1])!);
    for (let i = 0; i < 7; i++) {
      pass(3);
      set.finish(waiting.find((r) => r.state === 'executing')!);
    }
    assert.equal(served.filter((name) => name.startsWith('quiet')).length, 3);
  });

  it('picks the emptiest queue of a hand', () => {
    const { ask, set } = setUp({ queues: 4, queueLengthLimit: 10 }, 1);
    ask('a', [0]);
    ask('b', [0]);
    ask('c', [1]);
    const d = ask('d', [0, 1, 3])!;
    assert.equal(d.queue?.index, 3);
    assert.equal(set.waiting, 3);
  });

  it('keeps the seats of a write for the watches that it is shown to', () => {
    const { set, ask, served, pass } = setUp({ queues: 1, queueLengthLimit: 10 }, 4);
    const wide = ask('write', [0], { initialSeats: 1, finalSeats: 4, lingerMs: 5 })!;
    ask('next');
    assert.equal(set.seatsInUse, 4);
    set.finish(wide);
    assert.deepEqual(served, ['write']);
    pass(5);
    assert.deepEqual(served, ['write', 'next']);
    assert.equal(set.seatsInUse, 1);
  });

  it('serves what is wider than the level when it is alone', () => {
    const { set, ask, served } = setUp({ queues: 1, queueLengthLimit: 10 }, 2);
    const a = ask('a')!;
    ask('wide', [0], { initialSeats: 5, finalSeats: 0, lingerMs: 0 });
    assert.deepEqual(served, ['a']);
    set.finish(a);
    assert.deepEqual(served, ['a', 'wide']);
  });

  it('forgets a request that gives up', () => {
    const { set, ask, served, stats, demand, pass } = setUp({ queues: 1, queueLengthLimit: 9 }, 1);
    const a = ask('a')!;
    const b = ask('b')!;
    ask('c');
    set.cancel(b);
    set.cancel(b);
    assert.equal(stats.rejected['time-out'], 1);
    set.finish(a);
    assert.deepEqual(served, ['a', 'c']);
    pass(10);
    demand.endPeriod(10);
    assert.equal(demand.highWatermark, 3);
  });

  it('serves those that wait when seats are added, and loses nobody when queues are taken', () => {
    const { set, ask, served } = setUp({ queues: 3, queueLengthLimit: 10 }, 1);
    const a = ask('a', [0])!;
    ask('b', [2]);
    ask('c', [1]);
    set.configure({ queues: 1, queueLengthLimit: 10 }, 2);
    assert.equal(served.length, 2);
    set.finish(a);
    assert.deepEqual([...served].sort(), ['a', 'b', 'c']);
  });

  it('is idle again after everything, with nothing left over', () => {
    const { set, ask, stats, pass } = setUp({ queues: 3, queueLengthLimit: 5 }, 3);
    const all: (QueuedRequest | undefined)[] = [];
    for (let i = 0; i < 40; i++) {
      const work = { initialSeats: 1 + (i % 3), finalSeats: i % 5, lingerMs: i % 4 };
      all.push(ask(`r${i}`, [i % 3, (i + 1) % 3], work));
      pass(1);
    }
    for (let turn = 0; turn < 40; turn++) {
      for (const r of all) if (r?.state === 'executing') set.finish(r);
      pass(5);
    }
    assert.equal(set.idle, true);
    assert.equal(set.seatsInUse, 0);
    assert.equal(stats.waitingSeats, 0);
    assert.equal(stats.executingSeats, 0);
    assert.equal(stats.executingRequests, 0);
  });
});
