import assert from 'node:assert/strict';
import { FakeClock } from './fake-clock.ts';
import { runWorkers, WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  let clock: FakeClock;
  let queue: WorkQueue;
  beforeEach(() => {
    clock = new FakeClock();
    queue = new WorkQueue({ clock });
  });

  it('hands out a key once however often it was added', async () => {
    queue.add('a');
    queue.add('b');
    queue.add('a');
    assert.equal(await queue.next(), 'a');
    assert.equal(await queue.next(), 'b');
    assert.equal(queue.length, 0);
  });

  it('queues a key again that was added while in work, after done', async () => {
    queue.add('a');
    await queue.next();
    queue.add('a');
    queue.add('a');
    assert.equal(queue.length, 0);
    queue.done('a');
    assert.equal(queue.length, 1);
    assert.equal(await queue.next(), 'a');
    queue.done('a');
    assert.equal(queue.length, 0);
  });

  it('gives a key to the worker that waits', async () => {
    const next = queue.next();
    queue.add('a');
    assert.equal(queue.length, 0);
    assert.equal(await next, 'a');
  });

  it('keeps the earliest of several delays on one timer', async () => {
    queue.addAfter('a', 5000);
    queue.addAfter('b', 3000);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 9000);
    assert.ok(clock.pending <= 1);
    await clock.advance(999);
    assert.equal(queue.length, 0);
    await clock.advance(1);
    assert.equal(await queue.next(), 'a');
    queue.done('a');
    await clock.advance(10_000);
    assert.equal(await queue.next(), 'b');
    assert.equal(queue.length, 0);
    assert.equal(clock.pending, 0);
  });

  it('doubles the pause per failure and forgets', async () => {
    const pauses: number[] = [];
    for (let i = 0; i < 22; i++) {
      const before = clock.now();
      queue.addRateLimited('a');
      while (queue.length === 0) await clock.advance(nextPause(i));
      pauses.push(clock.now() - before);
      await queue.next();
      queue.done('a');
    }
    assert.deepEqual(pauses.slice(0, 4), [5, 10, 20, 40]);
    assert.equal(pauses.at(-1), 1_000_000);
    queue.forget('a');
    assert.equal(queue.retries('a'), 0);
  });

  function nextPause(i: number): number {
    return Math.min(1_000_000, 5 * 2 ** i);
  }

  it('spreads many failures over time', async () => {
    for (let i = 0; i < 120; i++) queue.addRateLimited(`k${i}`);
    await clock.advance(5);
    assert.equal(queue.length, 100);
    await clock.advance(1000);
    assert.equal(queue.length, 110);
  });

  it('stops its workers', async () => {
    const abort = new AbortController();
    const worked: string[] = [];
    const done = runWorkers(queue, 2, async (key) => void worked.push(key), abort.signal);
    queue.add('a');
    await clock.advance(0);
    abort.abort();
    await done;
    queue.add('b');
    assert.deepEqual(worked, ['a']);
  });
});
