import { storageContract } from '../contract.ts';
import { storageModel } from '../model.ts';
import { MemoryStorage } from './memory.ts';

describe('memory storage', () => {
  const open = async () => new MemoryStorage({ hub: { maxQueuedEvents: 50 } });
  describe('contract', () => storageContract({ open, leaseSeconds: 0.05, leaseSlackMs: 100 }));
  describe('model', () => storageModel({ open, runs: 60 }));
});
