import { storageContract } from '../contract.ts';
import { storageModel } from '../model.ts';
import { EtcdStorage } from './etcd.ts';
import { EtcdProcess } from './etcd-process.ts';

const run = process.env['K8TS_SKIP_ETCD'] === '1' ? describe.skip : describe;

run('etcd storage', () => {
  let etcd: EtcdProcess;
  const open = async () =>
    new EtcdStorage({ servers: [etcd.server], hub: { maxQueuedEvents: 50 } });
  before(async () => {
    etcd = await EtcdProcess.start();
  });
  after(() => etcd?.[Symbol.asyncDispose]());

  describe('contract', () => storageContract({ open, leaseSeconds: 1, leaseSlackMs: 3000 }));
  describe('model', () => storageModel({ open, runs: 15 }));
});
