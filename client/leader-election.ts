/**
 * Leader election on a Lease, with the record and the timing of client-go: held for 15 s, renewed
 * every 2 s, given up when it could not be renewed for 10 s, handed back on a clean exit.
 */
import { type Clock, systemClock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import { formatMicroTime } from '../machinery/meta/times.ts';
import type { Lease } from '../machinery/schema/wire.ts';
import { linkedSignal, sleep } from './abort.ts';
import type { Client } from './client.ts';
import type { EventRecorder } from './events.ts';
import { errorFields, type Log, silentLog } from './log.ts';
import { leases } from './resources.ts';

export interface LeaderElectionOptions {
  readonly namespace: string;
  readonly name: string;
  /** Unique per process: `host_uuid`. */
  readonly identity: string;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Log;
  readonly recorder?: EventRecorder;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
}

const jitterFactor = 1.2;

/** Thrown when the lease was lost while leading. */
export class LeaderLostError extends Error {
  override readonly name = 'LeaderLostError';
}

/**
 * Waits to become leader, then runs `lead` until it ends or `signal` aborts, then hands the lease
 * back. Throws LeaderLostError when the lease was lost; `lead`'s signal has aborted by then and
 * `lead` has ended. Resolves without leading when the signal aborts before.
 */
export async function runAsLeader(
  client: Client,
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const lock = new LeaseLock(client, options);
  const { clock = systemClock, random = Math.random, retryPeriodMs = 2_000 } = options;
  const log = options.log ?? silentLog;
  while (!(await lock.tryAcquire(signal))) {
    await sleep(clock, retryPeriodMs * (1 + jitterFactor * random()), signal);
    if (signal.aborted) return;
  }
  log.info({ lock: `${options.namespace}/${options.name}` }, 'successfully acquired lease');
  lock.record('became leader');

  const leading = linkedSignal(signal);
  const renewing = linkedSignal(undefined);
  let lost: LeaderLostError | undefined;
  const renewal = lock.renew(renewing.signal).catch((e: unknown) => {
    lost =
      e instanceof LeaderLostError ? e : new LeaderLostError('leaderelection lost', { cause: e });
    leading.abort(lost);
  });
  try {
    await lead(leading.signal);
  } finally {
    renewing.abort();
    await renewal;
    leading.dispose();
    lock.record('stopped leading');
    if (lost === undefined) await lock.release();
  }
  if (lost !== undefined) throw lost;
}

/** The Lease as one process sees it. */
class LeaseLock {
  private readonly client: Client;
  private readonly options: LeaderElectionOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly durationMs: number;
  private observed: Lease | undefined;
  private observedAt = 0;

  constructor(client: Client, options: LeaderElectionOptions) {
    this.client = client;
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silentLog;
    this.durationMs = options.leaseDurationMs ?? 15_000;
  }

  /** Takes or keeps the lease; false when another holds it or the server cannot be asked. */
  async tryAcquire(signal: AbortSignal): Promise<boolean> {
    try {
      if (this.isOurs() && this.isValid()) {
        try {
          await this.write(this.observed!, signal);
          return true;
        } catch (e) {
          if (!hasReason(e, 'Conflict', 'NotFound')) throw e;
        }
      }
      const lease = await this.read(signal);
      if (lease === undefined) {
        const made: Lease = {
          metadata: { namespace: this.options.namespace, name: this.options.name },
          spec: this.spec(undefined),
        };
        this.observe(await this.client.create(leases, made, { signal }));
        return true;
      }
      if (lease.metadata?.resourceVersion !== this.observed?.metadata?.resourceVersion) {
        this.observe(lease);
      }
      const held = (lease.spec?.holderIdentity ?? '') !== '';
      if (held && !this.isOurs() && this.isValid()) return false;
      await this.write(lease, signal);
      return true;
    } catch (e) {
      if (!signal.aborted) this.log.warn(errorFields(e), 'could not take the lease');
      return false;
    }
  }

  /** Renews until the signal aborts; throws when the deadline passes without success. */
  async renew(signal: AbortSignal): Promise<void> {
    const { renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = this.options;
    let renewedAt = this.clock.now();
    for (;;) {
      await sleep(this.clock, retryPeriodMs, signal);
      if (signal.aborted) return;
      if (await this.attempt(renewedAt + renewDeadlineMs, signal)) renewedAt = this.clock.now();
      else if (signal.aborted) return;
      else if (this.clock.now() - renewedAt >= renewDeadlineMs) {
        throw new LeaderLostError('leaderelection lost');
      }
    }
  }

  /** Leaves the lease to others at once. Failures are logged: it also runs out by itself. */
  async release(): Promise<void> {
    const signal = AbortSignal.timeout(this.options.renewDeadlineMs ?? 10_000);
    try {
      const lease = await this.read(signal);
      if (lease?.spec?.holderIdentity !== this.options.identity) return;
      const now = formatMicroTime(this.clock.now());
      const spec = { ...lease.spec, leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
      await this.client.update(
        leases,
        { ...lease, spec: { ...spec, holderIdentity: '' } },
        { signal },
      );
    } catch (e) {
      this.log.warn(errorFields(e), 'could not release the lease');
    }
  }

  record(what: string): void {
    const { identity, recorder } = this.options;
    if (this.observed === undefined) return;
    const lease = { apiVersion: leases.apiVersion, kind: leases.kind, ...this.observed };
    recorder?.event(lease, 'Normal', 'LeaderElection', `${identity} ${what}`);
  }

  /** One try that does not outlast the deadline, however long the server takes. */
  private async attempt(deadline: number, signal: AbortSignal): Promise<boolean> {
    const link = linkedSignal(signal);
    const cancel = this.clock.after(Math.max(0, deadline - this.clock.now()), () => link.abort());
    try {
      return await this.tryAcquire(link.signal);
    } finally {
      cancel();
      link.dispose();
    }
  }

  private async read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.client.get(leases, this.options, { signal });
    } catch (e) {
      if (hasReason(e, 'NotFound')) return undefined;
      throw e;
    }
  }

  private async write(lease: Lease, signal: AbortSignal): Promise<void> {
    const next = { ...lease, spec: { ...lease.spec, ...this.spec(lease) } };
    this.observe(await this.client.update(leases, next, { signal }));
  }

  private spec(old: Lease | undefined): NonNullable<Lease['spec']> {
    const now = formatMicroTime(this.clock.now());
    const { identity } = this.options;
    const kept = old?.spec?.holderIdentity === identity ? old.spec.acquireTime : undefined;
    const changes = kept === undefined && old !== undefined ? 1 : 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.round(this.durationMs / 1000),
      acquireTime: kept ?? now,
      renewTime: now,
      leaseTransitions: (old?.spec?.leaseTransitions ?? 0) + changes,
    };
  }

  private observe(lease: Lease): void {
    this.observed = lease;
    this.observedAt = this.clock.now();
  }

  private isOurs(): boolean {
    return this.observed?.spec?.holderIdentity === this.options.identity;
  }

  /** By our own clock, from when we saw the record change: clocks of holders may differ. */
  private isValid(): boolean {
    const seconds = this.observed?.spec?.leaseDurationSeconds ?? 0;
    return this.observedAt + seconds * 1000 > this.clock.now();
  }
}
