/** Opens the store that the API server's options name. */
import { readFile } from 'node:fs/promises';
import type { Storage } from './storage.ts';

/** `--etcd-servers` and its companions, or a data directory for the embedded store. */
export interface OpenStorageOptions {
  readonly etcdServers?: readonly string[];
  /** PEM files. */
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  readonly dataDir?: string;
}

/**
 * Opens etcd (connected when it is first used) when servers are given, else the embedded store.
 * Throws an error with one line that says what is wrong: bad options, an unreadable file, a data
 * directory in use.
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { etcdServers = [], dataDir } = options;
  if (etcdServers.length > 0) {
    if (dataDir !== undefined) throw new Error('etcd servers and a data directory are both given');
    return openEtcd(options, etcdServers);
  }
  for (const name of ['etcdCafile', 'etcdCertfile', 'etcdKeyfile'] as const) {
    if (options[name] !== undefined) throw new Error(`${flags[name]} needs --etcd-servers`);
  }
  if (dataDir === undefined) throw new Error('either etcd servers or a data directory is needed');
  // Loaded when needed: each brings libraries or a thread that the other does not want.
  const { EmbeddedStorage } = await import('./embedded/embedded.ts');
  return EmbeddedStorage.open({ dataDir });
}

const flags = {
  etcdCafile: '--etcd-cafile',
  etcdCertfile: '--etcd-certfile',
  etcdKeyfile: '--etcd-keyfile',
} as const;

async function openEtcd(options: OpenStorageOptions, servers: readonly string[]): Promise<Storage> {
  for (const server of servers) checkServer(server);
  if ((options.etcdCertfile === undefined) !== (options.etcdKeyfile === undefined)) {
    throw new Error('--etcd-certfile and --etcd-keyfile go together');
  }
  const [ca, cert, key] = await Promise.all([
    readPem(flags.etcdCafile, options.etcdCafile),
    readPem(flags.etcdCertfile, options.etcdCertfile),
    readPem(flags.etcdKeyfile, options.etcdKeyfile),
  ]);
  const { EtcdStorage } = await import('./etcd/etcd.ts');
  return new EtcdStorage({
    servers,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}

function checkServer(server: string): void {
  if (!/^https?:\/\/[^/]+\/*$/.test(server)) {
    throw new Error(`etcd server ${JSON.stringify(server)} is not an http or https address`);
  }
}

async function readPem(flag: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`${flag}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
