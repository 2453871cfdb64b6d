import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { revisionOf } from './contract.ts';
import { EmbeddedStorage } from './embedded/embedded.ts';
import { restoreSnapshot } from './snapshot.ts';
import { CompactedError } from './storage.ts';

describe('snapshot', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'k8ts-snapshot-'));
  });
  after(() => rm(root, { recursive: true }));

  it('is saved while writes go on, and restored', async () => {
    const path = join(root, 'one.db');
    const value = Buffer.alloc(20_000, 'v');
    let before: number;
    let after: number;
    {
      await using storage = await EmbeddedStorage.open({ dataDir: join(root, 'a') });
      for (let i = 0; i < 100; i++) void storage.create(`/k/${i}`, value);
      before = await revisionOf(storage.create('/first', value));
      const saving = storage.snapshot(path);
      let saved = false;
      void saving.finally(() => {
        saved = true;
      });
      for (let i = 0; !saved && i < 1000; i++) {
        await revisionOf(storage.create(`/during/${i}`, value));
      }
      await saving;
      after = await storage.currentRevision();
    }
    const dataDir = join(root, 'restored');
    const restored = await restoreSnapshot(path, dataDir);
    assert.ok(restored.snapshotRevision >= before && restored.snapshotRevision <= after);
    assert.equal(restored.keys, restored.snapshotRevision);
    assert.ok(restored.revision > after + 1000);
    await using storage = await EmbeddedStorage.open({ dataDir });
    const { kvs } = await storage.range('/k/');
    assert.equal(kvs.length, 100);
    assert.ok(kvs.every((kv) => kv.value.equals(value)));
    // What a client may remember of the time after the snapshot is gone, not something else now.
    await assert.rejects(storage.range('', { revision: after }), CompactedError);
    const { kv } = await storage.get('/first');
    const next = await revisionOf(storage.update('/first', value, kv!.modRevision));
    assert.equal(next, restored.revision + 1);
    await assert.rejects(restoreSnapshot(path, dataDir), /restored already holds a store$/);
  });

  it('is refused when it is not whole', async () => {
    const path = join(root, 'two.db');
    {
      await using storage = await EmbeddedStorage.open({ dataDir: join(root, 'b') });
      for (let i = 0; i < 50; i++) void storage.create(`/k/${i}`, Buffer.alloc(10_000));
      await storage.currentRevision();
      await storage.snapshot(path);
    }
    await truncate(path, 100_000);
    const target = join(root, 'never');
    await assert.rejects(
      restoreSnapshot(path, target),
      /^StoreFileError: cannot restore .*two\.db/,
    );
    await writeFile(path, '');
    await assert.rejects(restoreSnapshot(path, target), /two\.db: it is empty$/);
    await assert.rejects(restoreSnapshot(join(root, 'none'), target), /cannot restore .*none: /);
  });
});
