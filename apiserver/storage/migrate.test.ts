import assert from 'node:assert/strict';
import { revisionOf } from './contract.ts';
import { MemoryStorage } from './memory/memory.ts';
import { migrate } from './migrate.ts';

const x = Buffer.from('x');

describe('migrate', () => {
  it('copies everything, by pages', async () => {
    await using from = new MemoryStorage();
    await using to = new MemoryStorage();
    for (let i = 0; i < 1203; i++) await from.create(`/k/${i}`, Buffer.from(`value ${i}`));
    const revision = await revisionOf(from.create('/l', x, await from.grantLease(60)));
    const progress: number[] = [];
    const report = await migrate(from, to, { progress: ({ keys }) => progress.push(keys) });
    assert.deepEqual(report, { keys: 1204, bytes: 10_921, revision });
    assert.deepEqual(progress, [500, 1000, 1204]);
    assert.equal((await to.get('/k/77')).kv?.value.toString(), 'value 77');
    assert.notEqual((await to.get('/l')).kv?.lease, 0);
  });

  it('follows writes until the writers have stopped', async () => {
    await using from = new MemoryStorage();
    await using to = new MemoryStorage();
    const revisions: number[] = [];
    for (let i = 0; i < 50; i++) revisions.push(await revisionOf(from.create(`/k/${i}`, x)));
    const stopped = new AbortController();
    const migrating = migrate(from, to, { until: stopped.signal });
    for (let i = 0; i < 30; i++) {
      await from.update(`/k/${i}`, Buffer.from('new'), revisions[i]!);
      await from.delete(`/k/${49 - i / 2}`, revisions[49 - i / 2] ?? 0);
      await from.create(`/n/${i}`, x);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stopped.abort();
    const { keys, revision } = await migrating;
    assert.deepEqual([keys, revision], [65, await from.currentRevision()]);
    assert.equal((await to.range('/n/')).count, 30);
  });

  it('ends at once when nothing happens', async () => {
    await using from = new MemoryStorage();
    await using to = new MemoryStorage();
    assert.deepEqual(await migrate(from, to), { keys: 0, bytes: 0, revision: 0 });
    await from.create('/a', x);
    const until = AbortSignal.abort();
    assert.deepEqual(await migrate(from, to, { until }), { keys: 1, bytes: 1, revision: 1 });
  });

  it('refuses a target that is not its own', async () => {
    await using from = new MemoryStorage();
    await using to = new MemoryStorage();
    await from.create('/a', x);
    await to.create('/b', x);
    await assert.rejects(migrate(from, to), /the target is not empty: it has 1 keys/);
    const stopped = new AbortController();
    const migrating = migrate(from, to, { prefix: '/a', until: stopped.signal });
    while ((await to.get('/a')).kv === undefined) await new Promise((r) => setImmediate(r));
    await to.create('/aa', x);
    stopped.abort();
    await assert.rejects(migrating, /the target has \/aa, the source has not/);
  });
});
