/** Conditional writes of one resource that the watch cache is told of beforehand. */
import type { Cacher } from '../../storage/cache/cacher.ts';
import type { Selectable, StoredObject } from '../../storage/cache/stored-object.ts';
import { LeasePool } from '../../storage/lease-pool.ts';
import { LeaseNotFoundError, type Storage, type WriteResult } from '../../storage/storage.ts';

export class AnnouncedWrites {
  readonly #storage: Storage;
  readonly #cacher: Cacher;
  /** Of resources whose objects expire. */
  readonly #leases: LeasePool | undefined;

  /** `ttlSeconds`: what is written expires after so long; undefined: it stays. */
  constructor(storage: Storage, cacher: Cacher, ttlSeconds: number | undefined, now: () => number) {
    this.#storage = storage;
    this.#cacher = cacher;
    this.#leases = ttlSeconds === undefined ? undefined : new LeasePool(storage, ttlSeconds, now);
  }

  /**
   * Writes at the revision of `current`, or when there is nothing (undefined). The cache knows what
   * will come back and need not parse it.
   */
  async write(
    key: string,
    value: Buffer,
    current: StoredObject | undefined,
    selectable: Selectable,
  ): Promise<WriteResult> {
    let written = false;
    this.#cacher.expect(key, value, selectable);
    try {
      const result = await (this.#leases === undefined
        ? this.#send(key, value, current)
        : this.#sendLeased(this.#leases, key, value, current));
      written = result.ok;
      return result;
    } finally {
      if (!written) this.#cacher.forget(key);
    }
  }

  #send(
    key: string,
    value: Buffer,
    current: StoredObject | undefined,
    lease?: number,
  ): Promise<WriteResult> {
    return current === undefined
      ? this.#storage.create(key, value, lease)
      : this.#storage.update(key, value, current.revision, lease);
  }

  /** Writes what expires; a lease that is gone before its time is replaced. */
  async #sendLeased(
    leases: LeasePool,
    key: string,
    value: Buffer,
    current: StoredObject | undefined,
  ): Promise<WriteResult> {
    try {
      return await this.#send(key, value, current, await leases.lease());
    } catch (e) {
      if (!(e instanceof LeaseNotFoundError)) throw e;
      leases.forget();
      return this.#send(key, value, current, await leases.lease());
    }
  }
}
