import assert from 'node:assert/strict';
import { FakeClock } from '../../client/fake-clock.ts';
import { KeyedBackoff } from './keyed-backoff.ts';

describe('KeyedBackoff', () => {
  it('doubles up to the maximum', () => {
    const backoff = new KeyedBackoff(new FakeClock(), 10, 60);
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) {
      backoff.next('k', 0);
      delays.push(backoff.delayOf('k'));
    }
    assert.deepEqual(delays, [10, 20, 40, 60, 60]);
    assert.equal(backoff.delayOf('other'), 0);
  });

  it('counts from the event', async () => {
    const clock = new FakeClock();
    const backoff = new KeyedBackoff(clock, 10_000, 60_000);
    const event = clock.now();
    backoff.next('k', event);
    assert.equal(backoff.readyAt('k', event), event + 10_000);
    await clock.advance(10_000);
    assert.equal(backoff.readyAt('k', event), undefined);
  });

  it('starts over after twice the maximum', async () => {
    const clock = new FakeClock();
    const backoff = new KeyedBackoff(clock, 10, 60);
    for (let i = 0; i < 4; i++) backoff.next('k', clock.now());
    await clock.advance(121);
    assert.equal(backoff.readyAt('k', clock.now()), undefined);
    backoff.next('k', clock.now());
    assert.equal(backoff.delayOf('k'), 10);
  });
});
