/** Leases that values share. */
import assert from 'node:assert/strict';
import { LeasePool } from './lease-pool.ts';

function setUp(ttlSeconds: number) {
  const granted: number[] = [];
  let fails = false;
  let nowMs = 0;
  const storage = {
    async grantLease(seconds: number) {
      if (fails) throw new Error('no');
      return granted.push(seconds);
    },
  };
  const pool = new LeasePool(storage, ttlSeconds, () => nowMs);
  return {
    pool,
    granted,
    pass: (ms: number) => {
      nowMs += ms;
    },
    fail: (is: boolean) => {
      fails = is;
    },
  };
}

describe('LeasePool', () => {
  it('shares a lease for a minute, which lasts a minute longer', async () => {
    const { pool, granted, pass } = setUp(3600);
    assert.deepEqual(await Promise.all([pool.lease(), pool.lease()]), [1, 1]);
    pass(59_000);
    assert.equal(await pool.lease(), 1);
    pass(1_000);
    assert.equal(await pool.lease(), 2);
    assert.deepEqual(granted, [3660, 3660]);
  });

  it('shares leases of a short time shorter', async () => {
    const { pool, granted, pass } = setUp(40);
    await pool.lease();
    pass(1_999);
    assert.equal(await pool.lease(), 1);
    pass(1);
    assert.equal(await pool.lease(), 2);
    assert.deepEqual(granted, [42, 42]);
  });

  it('ends no more than a thousand values together', async () => {
    const { pool, granted } = setUp(3600);
    for (let i = 0; i < 1001; i++) await pool.lease();
    assert.equal(granted.length, 2);
  });

  it('asks again after a failure, and for one that has been forgotten', async () => {
    const { pool, granted, fail } = setUp(3600);
    fail(true);
    await assert.rejects(pool.lease());
    fail(false);
    assert.equal(await pool.lease(), 1);
    pool.forget();
    assert.equal(await pool.lease(), 2);
    assert.equal(granted.length, 2);
  });
});
