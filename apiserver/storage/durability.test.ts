import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdProcess } from './etcd/etcd-process.ts';
import { openStorage } from './open.ts';
import type { Storage } from './storage.ts';

/** Fewer say nothing. */
const leastWrites = 20;
const rounds = Number(process.env['K8TS_FUZZ_RUNS'] ?? 1);

describe('durability', function () {
  this.timeout(20_000 + rounds * 10_000);

  it('embedded: a killed process loses no acknowledged write', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'k8ts-durability-'));
    try {
      for (let round = 0; round < rounds; round++) {
        const acknowledged = await writeUntil('embedded', dataDir, async () => {});
        await check(() => openStorage({ dataDir }), acknowledged);
      }
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });

  it('etcd: a killed server loses no acknowledged write', async function () {
    if (process.env['K8TS_SKIP_ETCD'] === '1') this.skip();
    await using etcd = await EtcdProcess.start();
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await writeUntil('etcd', etcd.server, () => etcd.kill());
      await etcd.restart();
      await check(() => openStorage({ etcdServers: [etcd.server] }), acknowledged);
    }
  });
});

/** Lets a process write for a random time, then crashes; returns `key revision update` lines. */
async function writeUntil(
  kind: string,
  target: string,
  crash: () => Promise<void>,
): Promise<string[]> {
  const script = join(import.meta.dirname, 'durability-writer.ts');
  const child = spawn(process.execPath, [script, kind, target], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data;
  });
  try {
    // On a busy machine the first writes take their time.
    while (text.split('\n').length <= leastWrites) await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 400));
    await crash();
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  // A line is written whole or not at all as far as anyone has seen it.
  return text.slice(0, text.lastIndexOf('\n')).split('\n');
}

async function check(open: () => Promise<Storage>, acknowledged: readonly string[]): Promise<void> {
  await using storage = await open();
  const found = new Map((await storage.range('/durable/')).kvs.map((kv) => [kv.key, kv]));
  assert.ok(acknowledged.length >= leastWrites, `only ${acknowledged.length} writes`);
  for (const line of acknowledged) {
    const [key, revision, update] = line.split(' ') as [string, string, string];
    const kv = found.get(key);
    assert.ok(kv !== undefined, `${key} is lost`);
    assert.ok(kv.modRevision >= Number(revision), `${line} is lost`);
    assert.ok(kv.value.toString().startsWith(`${key} `), `${key} has the value of another key`);
    if (kv.modRevision > Number(revision)) continue;
    assert.equal(kv.value.toString().split(' ')[1], update);
  }
}
