/** Seats: how they are divided, lent, and demanded. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { allocate } from './concurrency-allocation.ts';
import { type LevelSpec, PriorityLevel } from './priority-level.ts';
import { SeatDemand } from './seat-demand.ts';
import { divide, lend } from './seat-limits.ts';
import { deal } from './shuffle-sharding.ts';

const queuing = { queues: 8, queueLengthLimit: 10 };

function level(name: string, shares: number, spec: Partial<LevelSpec> = {}): PriorityLevel {
  const full: LevelSpec = {
    queuing,
    dealer: undefined,
    handSize: 6,
    shares,
    lendablePercent: 0,
    borrowingLimitPercent: undefined,
    ...spec,
  };
  return new PriorityLevel(name, '', full, { nowMs: () => 0, later: () => {} });
}

describe('allocate', () => {
  it('gives the same fraction to all whose bounds allow it', () => {
    const claim = (target: number) => ({ lowerBound: 0, upperBound: 100, target });
    assert.deepEqual(allocate(30, [claim(10), claim(20), claim(30)]), {
      seats: [5, 10, 15],
      fairFraction: 0.5,
    });
  });

  it('leaves nobody below or above the bounds', () => {
    const found = allocate(20, [
      { lowerBound: 8, upperBound: 10, target: 8 },
      { lowerBound: 0, upperBound: 3, target: 30 },
      { lowerBound: 0, upperBound: 100, target: 3 },
    ])!;
    assert.deepEqual(found.seats.map(Math.round), [10, 3, 7]);
  });

  it('says so when the bounds do not allow the sum', () => {
    const claim = { lowerBound: 3, upperBound: 4, target: 3 };
    assert.equal(allocate(2, [claim]), undefined);
    assert.equal(allocate(5, [claim]), undefined);
    assert.deepEqual(allocate(3, [claim])?.seats, [3]);
    assert.deepEqual(allocate(4, [claim])?.seats, [4]);
  });

  it('sums up and keeps the bounds, whatever they are', () => {
    const claims = fc.array(
      fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)).map(([low, room, more]) => ({
        lowerBound: low,
        upperBound: low + room,
        target: low + more,
      })),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(claims, fc.double({ min: 0, max: 1, noNaN: true }), (all, where) => {
        const low = all.reduce((n, c) => n + c.lowerBound, 0);
        const high = all.reduce((n, c) => n + c.upperBound, 0);
        const sum = Math.round(low + where * (high - low));
        const { seats, fairFraction } = allocate(sum, all)!;
        const total = seats.reduce((n, s) => n + s, 0);
        assert.ok(Math.abs(total - sum) < 1e-3, `${total} for ${sum}`);
        seats.forEach((s, i) => {
          const { lowerBound, upperBound, target } = all[i]!;
          assert.ok(s >= lowerBound - 1e-6 && s <= upperBound + 1e-6);
          const free = s > lowerBound + 1e-6 && s < upperBound - 1e-6;
          if (free) assert.ok(Math.abs(s - fairFraction * Math.max(target, 0.001)) < 1e-3);
        });
      }),
      { seed: 13, numRuns: 300 },
    );
  });
});

describe('seats of priority levels', () => {
  it('are divided by shares, as in a new cluster', () => {
    const shares = [5, 0, 20, 10, 40, 30, 40, 100];
    const levels = shares.map((n, i) => level(`l${i}`, n));
    divide(levels, 600);
    assert.deepEqual(
      levels.map((l) => l.nominal),
      [13, 0, 49, 25, 98, 74, 98, 245],
    );
    assert.equal(levels[7]!.maxSeats, 37);
    assert.equal(levels[0]!.maxSeats, 2);
  });

  it('are lent to a level that wants more, and kept by one that needs its own', () => {
    const idle = level('idle', 50, { lendablePercent: 90 });
    const busy = level('busy', 50, { lendablePercent: 50 });
    divide([idle, busy], 100);
    busy.demand.set(90, 0);
    lend([idle, busy], 100, 10_000);
    assert.equal(idle.current, 5);
    assert.equal(busy.current, 95);
    idle.demand.set(50, 10_000);
    lend([idle, busy], 100, 20_000);
    assert.equal(idle.current, 50);
    assert.equal(busy.current, 50);
  });

  it('are borrowed up to the limit', () => {
    const idle = level('idle', 50, { lendablePercent: 100 });
    const busy = level('busy', 50, { borrowingLimitPercent: 20 });
    divide([idle, busy], 100);
    busy.demand.set(90, 0);
    lend([idle, busy], 100, 10_000);
    assert.equal(busy.current, 60);
  });
});

describe('SeatDemand', () => {
  it('rises at once and falls slowly', () => {
    const demand = new SeatDemand(0);
    demand.set(10, 0);
    demand.endPeriod(10_000);
    assert.deepEqual([demand.average, demand.deviation, demand.smoothed], [10, 0, 10]);
    demand.set(0, 10_000);
    demand.endPeriod(20_000);
    assert.equal(demand.average, 0);
    assert.ok(demand.smoothed > 9.7 && demand.smoothed < 10);
    assert.equal(demand.highWatermark, 10);
    demand.endPeriod(30_000);
    assert.equal(demand.highWatermark, 0);
  });

  it('tells how much it varies', () => {
    const demand = new SeatDemand(0);
    demand.set(4, 0);
    demand.set(0, 5000);
    demand.endPeriod(10_000);
    assert.deepEqual([demand.average, demand.deviation], [2, 2]);
  });
});

describe('deal', () => {
  it('deals different cards of the deck', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (hash) => {
        const hand = deal(hash, 128, 6);
        assert.equal(new Set(hand).size, 6);
        assert.ok(hand.every((card) => card >= 0 && card < 128));
      }),
      { seed: 14, numRuns: 200 },
    );
  });

  it('deals by the digits of the hash', () => {
    assert.deepEqual(deal(0n, 10, 3), [0, 1, 2]);
    assert.deepEqual(deal(9n + 10n * (8n + 9n * 7n), 10, 3), [9, 8, 7]);
    assert.deepEqual(deal(5n + 10n * (5n + 9n * 5n), 10, 3), [5, 6, 7]);
  });
});
