/**
 * The process that `durability.test.ts` kills: writes without a pause, sixteen writers at a time,
 * and prints a line for each write that was acknowledged.
 *
 *   node durability-writer.ts embedded|etcd <data directory or server>
 */
import { openStorage } from './open.ts';
import { StoreUnavailableError } from './storage.ts';

const [kind, target] = process.argv.slice(2) as [string, string];
const storage = await openStorage(
  kind === 'etcd' ? { etcdServers: [target] } : { dataDir: target },
);
const round = Date.now();

for (let writer = 0; writer < 16; writer++) {
  write(writer).catch((error: unknown) => {
    // The server has been killed: what counts has been printed.
    if (error instanceof StoreUnavailableError) process.exit(0);
    throw error;
  });
}

async function write(writer: number): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `/durable/${round}/${writer}/${i}`;
    let expected = 0;
    for (let update = 0; update < 3; update++) {
      const value = Buffer.from(`${key} ${update} ${'x'.repeat(100 * (i % 20))}`);
      const result = await (update === 0
        ? storage.create(key, value)
        : storage.update(key, value, expected));
      if (!result.ok) throw new Error(`${key}: refused`);
      expected = result.revision;
      process.stdout.write(`${key} ${result.revision} ${update}\n`);
    }
  }
}
