/** Opens the store that the options name. */
import { EmbeddedStorage } from './embedded/embedded.ts';
import type { Storage } from './storage.ts';

export interface StorageOptions {
  readonly dataDir: string;
  readonly etcdServers: readonly string[];
}

/** Throws an Error with one line for people. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  if (options.etcdServers.length > 0) throw new Error('etcd is not wired up yet');
  return EmbeddedStorage.open({ dataDir: options.dataDir });
}
