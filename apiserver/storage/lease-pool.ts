/**
 * Leases for values that expire, such as events: values that are written within a minute share one,
 * which ends as late as the last of them must (k8s.io/apiserver/pkg/storage/etcd3: lease manager).
 */
import type { Storage } from './storage.ts';

/** No lease is handed out longer than this, and no longer than a twentieth of its time. */
const reuseSeconds = 60;
const reuseFraction = 0.05;
/** So many values are ended together, at the most. */
const sharedLimit = 1000;

interface Shared {
  readonly id: Promise<number>;
  /** From when on a value of the full time would outlive the lease. */
  readonly untilMs: number;
  uses: number;
}

export class LeasePool {
  readonly #storage: Pick<Storage, 'grantLease'>;
  readonly #ttlSeconds: number;
  readonly #nowMs: () => number;
  #shared: Shared | undefined;

  constructor(storage: Pick<Storage, 'grantLease'>, ttlSeconds: number, nowMs: () => number) {
    this.#storage = storage;
    this.#ttlSeconds = ttlSeconds;
    this.#nowMs = nowMs;
  }

  /** A lease that lasts at least the whole time from now on. */
  lease(): Promise<number> {
    const now = this.#nowMs();
    const shared = this.#shared;
    if (shared !== undefined && now < shared.untilMs && shared.uses < sharedLimit) {
      shared.uses++;
      return shared.id;
    }
    const extra = Math.min(reuseSeconds, Math.floor(this.#ttlSeconds * reuseFraction));
    const id = this.#storage.grantLease(this.#ttlSeconds + extra);
    const granted: Shared = { id, untilMs: now + extra * 1000, uses: 1 };
    this.#shared = granted;
    // One that could not be had is not handed out again.
    id.catch(() => this.#drop(granted));
    return id;
  }

  /** The lease is gone before its time: the next one is a new one. */
  forget(): void {
    this.#shared = undefined;
  }

  #drop(shared: Shared): void {
    if (this.#shared === shared) this.#shared = undefined;
  }
}
