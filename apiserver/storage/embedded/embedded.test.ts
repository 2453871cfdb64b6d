import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storageContract } from '../contract.ts';
import { storageModel } from '../model.ts';
import { EmbeddedStorage } from './embedded.ts';

describe('embedded storage', () => {
  const root = mkdtempSync(join(tmpdir(), 'k8ts-storage-'));
  let folders = 0;
  const open = () =>
    EmbeddedStorage.open({ dataDir: join(root, `${++folders}`), hub: { maxQueuedEvents: 50 } });
  after(() => rmSync(root, { recursive: true }));

  it('reads in pieces what is long', async () => {
    await using store = await open();
    const keys = Array.from({ length: 2100 }, (_, i) => `/k/${String(i).padStart(5, '0')}`);
    await Promise.all(keys.map((key) => store.create(key, Buffer.from(key))));
    const all = await store.range('/k/');
    assert.deepEqual(
      all.kvs.map((kv) => kv.key),
      keys,
    );
    assert.ok(all.kvs.every((kv) => kv.value.toString() === kv.key));
    const { kvs, more, count } = await store.range('/k/', { limit: 1500 });
    assert.deepEqual([kvs.length, more, count], [1500, true, 2100]);
    const seen: string[] = [];
    const signal = AbortSignal.timeout(5000);
    for await (const { events } of store.watch('/k/', { fromRevision: 1, signal })) {
      seen.push(...events.map((event) => event.kv.key));
      if (seen.length >= keys.length) break;
    }
    assert.deepEqual(seen, keys);
  });

  describe('contract', () => storageContract({ open, leaseSeconds: 0.2, leaseSlackMs: 600 }));
  describe('model', () => storageModel({ open, runs: 20 }));
});
