import assert from 'node:assert/strict';
import { FakeClock, settle } from '../client/fake-clock.ts';
import { SyncRunner } from './sync-runner.ts';

describe('sync runner', () => {
  function make(work: () => Promise<void>, everyMs = 0) {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const onError = (e: unknown) => errors.push(e);
    const runner = new SyncRunner(work, { clock, minMs: 1000, retryMs: 2000, everyMs, onError });
    return { clock, runner, errors };
  }

  it('runs the first change at once and the next ones together', async () => {
    let runs = 0;
    const { clock, runner } = make(async () => {
      runs++;
    });
    runner.trigger();
    runner.trigger();
    await settle();
    assert.equal(runs, 1);
    runner.trigger();
    runner.trigger();
    await clock.advance(900);
    assert.equal(runs, 1);
    await clock.advance(200);
    assert.equal(runs, 2);
    await clock.advance(10_000);
    assert.equal(runs, 2);
    runner.trigger();
    await settle();
    assert.equal(runs, 3);
  });

  it('never runs two at a time, and once more for what came meanwhile', async () => {
    const gates: (() => void)[] = [];
    const { clock, runner } = make(() => new Promise((resolve) => gates.push(resolve)));
    runner.trigger();
    await settle();
    runner.trigger();
    await clock.advance(5000);
    assert.equal(gates.length, 1);
    gates[0]!();
    await settle();
    assert.equal(gates.length, 2);
    gates[1]!();
    await runner.close();
  });

  it('tries again after a failure', async () => {
    let runs = 0;
    const { clock, runner, errors } = make(async () => {
      if (++runs === 1) throw new Error('no');
    });
    runner.trigger();
    await settle();
    assert.equal(errors.length, 1);
    await clock.advance(1900);
    assert.equal(runs, 1);
    await clock.advance(200);
    assert.equal(runs, 2);
  });

  it('runs now and then without changes when asked to', async () => {
    let runs = 0;
    const { clock, runner } = make(async () => {
      runs++;
    }, 30_000);
    runner.trigger();
    await clock.advance(60_500);
    assert.equal(runs, 3);
    await runner.close();
    await clock.advance(60_000);
    assert.equal(runs, 3);
  });
});
