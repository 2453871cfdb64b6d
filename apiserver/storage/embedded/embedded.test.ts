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

  describe('contract', () => storageContract({ open, leaseSeconds: 0.2, leaseSlackMs: 600 }));
  describe('model', () => storageModel({ open, runs: 20 }));
});
