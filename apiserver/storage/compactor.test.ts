/** Compaction of an etcd that several servers share. */
import assert from 'node:assert/strict';
import { Compactor } from './compactor.ts';
import { MemoryStorage } from './memory/memory.ts';

describe('Compactor', () => {
  it('compacts to where the history was one interval ago', async () => {
    const storage = new MemoryStorage();
    const compactor = new Compactor(storage);
    await storage.create('/registry/a', Buffer.from('1'));
    await compactor.tick();
    await storage.create('/registry/b', Buffer.from('2'));
    await storage.create('/registry/c', Buffer.from('3'));
    await compactor.tick();
    await storage.range('/registry/', { revision: 2 });
    await storage.create('/registry/d', Buffer.from('4'));
    await compactor.tick();
    await assert.rejects(async () => storage.range('/registry/', { revision: 2 }));
    assert.ok((await storage.range('/registry/')).kvs.length === 4);
  });

  it('leaves it to whoever was there in between', async () => {
    const compacted: number[] = [];
    const storage = new MemoryStorage();
    const spy = {
      get: (key: string) => storage.get(key),
      create: (key: string, value: Buffer) => storage.create(key, value),
      update: (key: string, value: Buffer, at: number) => storage.update(key, value, at),
      compact: async (revision: number) => void compacted.push(revision),
    };
    const [ours, theirs] = [new Compactor(spy), new Compactor(spy)];
    await storage.create('/registry/a', Buffer.from('1'));
    await ours.tick();
    await theirs.tick();
    await ours.tick();
    await theirs.tick();
    assert.equal(compacted.length, 1);
    await ours.tick();
    await theirs.tick();
    assert.equal(compacted.length, 2);
  });
});
