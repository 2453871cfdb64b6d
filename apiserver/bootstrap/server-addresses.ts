/**
 * Which API servers of a cluster are alive: each renews a key with a time to live under
 * `masterleases`, as upstream servers on the same etcd do.
 */
import type { Storage } from '../storage/storage.ts';

/** Longer than the time between two renewals by what a slow store may take. */
const ttlSeconds = 15;

export class ServerAddresses {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #own: string;

  /** `prefix`: where the store's keys begin, such as `/registry`. */
  constructor(storage: Storage, prefix: string, own: string) {
    this.#storage = storage;
    this.#prefix = `${prefix}/masterleases/`;
    this.#own = own;
  }

  /** Renews the own key and gives the addresses of all that are alive. */
  async renew(): Promise<string[]> {
    const key = `${this.#prefix}${this.#own}`;
    const lease = await this.#storage.grantLease(ttlSeconds);
    const value = Buffer.from(
      JSON.stringify({
        kind: 'Endpoints',
        apiVersion: 'v1',
        metadata: { generation: Date.now() },
        subsets: [{ addresses: [{ ip: this.#own }] }],
      }),
    );
    const { kv } = await this.#storage.get(key);
    // When both writes lose, the key was renewed by another server of the same address.
    if (kv === undefined) await this.#storage.create(key, value, lease);
    else await this.#storage.update(key, value, kv.modRevision, lease);
    const { kvs } = await this.#storage.range(this.#prefix);
    return kvs.map((e) => e.key.slice(this.#prefix.length));
  }

  /** Takes the own key away, at the end. */
  async leave(): Promise<void> {
    const key = `${this.#prefix}${this.#own}`;
    const { kv } = await this.#storage.get(key);
    if (kv !== undefined) await this.#storage.delete(key, kv.modRevision);
  }
}
