/** `k8ts storage migrate`: takes all that is stored from the embedded store to etcd, or back. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { storePath } from '../../apiserver/storage/embedded/store-file.ts';
import { migrate } from '../../apiserver/storage/migrate.ts';
import { openStorage } from '../../apiserver/storage/open.ts';
import type { Storage } from '../../apiserver/storage/storage.ts';
import { type Start, toList } from '../command.ts';

interface Flags {
  readonly from: string;
  readonly to: string;
  readonly dataDir?: string;
  readonly etcdServers?: readonly string[];
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  readonly etcdPrefix: string;
}

const kinds = ['embedded', 'etcd'];

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .command('migrate')
    .description('copy everything to a store that is empty; no API server may run on either')
    .requiredOption('--from <store>', 'embedded or etcd')
    .requiredOption('--to <store>', 'embedded or etcd')
    .option('--data-dir <dir>', 'of the embedded store')
    .option('--etcd-servers <urls>', 'of etcd', toList)
    .option('--etcd-cafile <file>', 'authority of the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'key of the client certificate for etcd')
    .option('--etcd-prefix <prefix>', 'what is copied', '/registry')
    .action((flags: Flags) => run(() => migrateStores(flags)));
}

async function migrateStores(flags: Flags): Promise<void> {
  const { from, to, dataDir, etcdPrefix } = flags;
  for (const [flag, kind] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (!kinds.includes(kind)) throw new Error(`${flag}=${kind}: embedded or etcd`);
  }
  if (from === to) throw new Error('--from and --to are the same');
  if (dataDir === undefined) throw new Error('--data-dir is needed');
  if ((flags.etcdServers ?? []).length === 0) throw new Error('--etcd-servers are needed');
  // Opening would make one.
  if (from === 'embedded' && !existsSync(storePath(dataDir))) {
    throw new Error(`no store in ${dataDir}`);
  }
  await using source = await open(from, flags, dataDir);
  await using target = await open(to, flags, dataDir);
  const { keys, bytes, revision } = await migrate(source, target, {
    prefix: `${etcdPrefix.replace(/\/+$/, '')}/`,
    progress: (copied) => console.log(`${copied.keys} of ${copied.total} keys`),
  });
  console.log(`copied ${keys} keys with ${bytes} bytes, as of revision ${revision}`);
  console.log('events and other values that expire do so an hour from now');
}

function open(kind: string, flags: Flags, dataDir: string): Promise<Storage> {
  if (kind === 'embedded') return openStorage({ dataDir });
  const { etcdServers = [], etcdCafile, etcdCertfile, etcdKeyfile } = flags;
  return openStorage({
    etcdServers,
    ...(etcdCafile === undefined ? {} : { etcdCafile }),
    ...(etcdCertfile === undefined ? {} : { etcdCertfile }),
    ...(etcdKeyfile === undefined ? {} : { etcdKeyfile }),
  });
}
