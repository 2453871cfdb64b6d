/**
 * Measures the stores: writes per second, latency, CPU time per write (all threads of this process;
 * etcd's own process is not counted), at 1 and at 32 concurrent writers.
 *
 *   node hack/bench-storage.ts [memory] [embedded] [etcd]
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { EmbeddedStorage } from '../apiserver/storage/embedded/embedded.ts';
import { EtcdStorage } from '../apiserver/storage/etcd/etcd.ts';
import { EtcdProcess } from '../apiserver/storage/etcd/etcd-process.ts';
import { MemoryStorage } from '../apiserver/storage/memory/memory.ts';
import type { Storage } from '../apiserver/storage/storage.ts';

/** About the size of a stored pod. */
const value = Buffer.alloc(2000, 'x');
const writes = 6000;

const chosen = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'k8ts-bench-'));
try {
  for (const [name, open] of Object.entries(stores())) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const { storage, stop } = await open();
    await bench(name, storage);
    await storage[Symbol.asyncDispose]();
    await stop?.();
  }
} finally {
  rmSync(folder, { recursive: true });
}

function stores(): Record<string, () => Promise<{ storage: Storage; stop?: () => Promise<void> }>> {
  return {
    memory: async () => ({ storage: new MemoryStorage() }),
    embedded: async () => ({ storage: await EmbeddedStorage.open({ dataDir: folder }) }),
    etcd: async () => {
      const etcd = await EtcdProcess.start();
      const storage = new EtcdStorage({ servers: [etcd.server] });
      return { storage, stop: () => etcd[Symbol.asyncDispose]() };
    },
  };
}

async function bench(name: string, storage: Storage): Promise<void> {
  const abort = new AbortController();
  const watching = follow(storage, abort.signal);
  const key = (i: number) => `/registry/pods/default/bench-pod-${i}`;
  await run(500, 32, (i) => storage.create(`/registry/warm/${i}`, value));
  for (const writers of [1, 32]) {
    const of = (i: number) => `${key(i)}-${writers}`;
    const revisions: number[] = [];
    const created = await run(writers === 1 ? writes / 3 : writes, writers, async (i) => {
      const result = await storage.create(of(i), value);
      revisions[i] = result.revision;
    });
    print(name, 'create', writers, created);
    const updated = await run(revisions.length, writers, (i) =>
      storage.update(of(i), value, revisions[i]!),
    );
    print(name, 'update', writers, updated);
  }
  const start = performance.now();
  const { kvs } = await storage.range('/registry/pods/');
  console.log(`${name} range of ${kvs.length}: ${(performance.now() - start).toFixed(0)} ms`);
  const gets = await run(3000, 32, (i) => storage.get(`${key(i)}-32`));
  print(name, 'get', 32, gets);
  abort.abort();
  await watching;
}

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuUs: number;
  readonly loopP99: number;
}

async function run(
  count: number,
  writers: number,
  operation: (i: number) => Promise<unknown>,
): Promise<Figures> {
  const latencies = new Float64Array(count);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (next < count) {
        const i = next++;
        const began = performance.now();
        await operation(i);
        latencies[i] = performance.now() - began;
      }
    }),
  );
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  latencies.sort();
  return {
    perSecond: (count / ms) * 1000,
    p50: latencies[count >> 1]!,
    p99: latencies[Math.floor(count * 0.99)]!,
    cpuUs: (user + system) / count,
    loopP99: loop.percentile(99) / 1e6,
  };
}

function print(name: string, what: string, writers: number, f: Figures): void {
  console.log(
    `${name} ${what} x${writers}: ${f.perSecond.toFixed(0)}/s, p50 ${f.p50.toFixed(2)} ms, ` +
      `p99 ${f.p99.toFixed(2)} ms, CPU ${f.cpuUs.toFixed(0)} us each, ` +
      `event loop p99 ${f.loopP99.toFixed(1)} ms`,
  );
}

/** One watch, as the API server has at least. */
async function follow(storage: Storage, signal: AbortSignal): Promise<void> {
  const fromRevision = (await storage.currentRevision()) + 1;
  for await (const _ of storage.watch('/registry/pods/', { fromRevision, signal }));
}
