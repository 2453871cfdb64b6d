/**
 * ResourceQuota: nothing is created that a namespace's quotas have no room for. What is used is
 * written down, with the version that it was worked out from, before the request goes on: however
 * many servers create at the same time, a quota is never exceeded. Requests that come while one is
 * being written down are charged together.
 */
import { conflict, StatusError } from '../../../machinery/meta/status-error.ts';
import { listOf, sameAmounts } from '../../../machinery/quota/amounts.ts';
import type { DeviceClass, ResourceQuota } from '../../../machinery/schema/wire.ts';
import { optimisticLockMessage } from '../../registry/object-store/refusals.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from '../admission.ts';
import { charge, type QuotaState, stateOf } from './charge.ts';
import { type ChargedKind, chargedKind, resourceClaimKind } from './kinds.ts';
import { type LimitedResource, limitedResourcesOf } from './limited-resources.ts';

/** How often quotas that others write too are looked at again. */
const maxAttempts = 10;

interface Waiter {
  readonly a: AdmissionAttributes;
  readonly kind: ChargedKind;
  resolve(): void;
  reject(error: unknown): void;
}

/** `document` is what a configuration file says of it. Throws an Error when that is malformed. */
export function resourceQuota(env: AdmissionEnvironment, document?: unknown): AdmissionPlugin {
  const limited = limitedResourcesOf(document);
  const desk = new QuotaDesk(env, limited);
  return {
    name: 'ResourceQuota',
    handles: (a) =>
      (a.operation === 'CREATE' || a.operation === 'UPDATE') &&
      a.namespace !== '' &&
      !(a.group === '' && a.kind === 'Namespace'),
    async validate(a) {
      const claims = a.group === 'resource.k8s.io' && a.resource === 'resourceclaims';
      const known = claims ? resourceClaimKind([]) : chargedKind(a.group, a.resource);
      if (known === undefined || !known.handles(a)) return;
      const quotas = await env.access.list<ResourceQuota>('resourcequotas', a.namespace);
      if (quotas.length === 0 && limited.length === 0) return;
      const kind = claims
        ? resourceClaimKind(await env.access.list<DeviceClass>('deviceclasses.resource.k8s.io', ''))
        : known;
      await desk.charge(a, kind);
    },
  };
}

/** Takes the requests of each namespace one batch at a time. */
class QuotaDesk {
  readonly #env: AdmissionEnvironment;
  readonly #limited: readonly LimitedResource[];
  /** Those that wait for the batch that is being charged; the key is there as long as one is. */
  readonly #waiting = new Map<string, Waiter[]>();

  constructor(env: AdmissionEnvironment, limited: readonly LimitedResource[]) {
    this.#env = env;
    this.#limited = limited;
  }

  /** Resolves when the request is charged; rejects with its refusal. */
  charge(a: AdmissionAttributes, kind: ChargedKind): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { a, kind, resolve, reject };
      const waiting = this.#waiting.get(a.namespace);
      if (waiting !== undefined) waiting.push(waiter);
      else void this.#serve(a.namespace, [waiter]);
    });
  }

  async #serve(namespace: string, first: Waiter[]): Promise<void> {
    for (let batch = first; batch.length > 0; ) {
      const next: Waiter[] = [];
      this.#waiting.set(namespace, next);
      try {
        await this.#settle(namespace, batch);
      } catch (e) {
        for (const waiter of batch) waiter.reject(e);
      }
      batch = next;
    }
    this.#waiting.delete(namespace);
  }

  async #settle(namespace: string, batch: readonly Waiter[]): Promise<void> {
    let waiters = batch;
    let quotas = await this.#quotas(namespace);
    for (let attempt = 1; ; attempt++) {
      const before = quotas.map(stateOf);
      const { after, charged } = this.#chargeAll(before, waiters);
      const { failed, error } = await this.#write(before, after);
      if (failed.size === 0) {
        for (const waiter of charged) waiter.resolve();
        return;
      }
      if (attempt === maxAttempts) throw error;
      waiters = charged;
      await this.#env.fresh();
      quotas = (await this.#quotas(namespace)).filter((q) => failed.has(q.metadata?.name ?? ''));
    }
  }

  #quotas(namespace: string): Promise<readonly ResourceQuota[]> {
    return this.#env.access.list<ResourceQuota>('resourcequotas', namespace);
  }

  /** Answers those that are refused or change nothing; returns the others, with their charges. */
  #chargeAll(
    before: readonly QuotaState[],
    waiters: readonly Waiter[],
  ): { after: readonly QuotaState[]; charged: Waiter[] } {
    let after = before;
    const charged: Waiter[] = [];
    for (const waiter of waiters) {
      try {
        const { a, kind } = waiter;
        const next = charge(after, a, kind, this.#limited, this.#env.now());
        if (next === after || a.dryRun) {
          waiter.resolve();
          continue;
        }
        after = next;
        charged.push(waiter);
      } catch (e) {
        waiter.reject(e);
      }
    }
    return { after, charged };
  }

  /** Writes down what is used; tells which quotas somebody else changed meanwhile. */
  async #write(
    before: readonly QuotaState[],
    after: readonly QuotaState[],
  ): Promise<{ failed: ReadonlySet<string>; error: unknown }> {
    const failed = new Set<string>();
    let error: unknown;
    for (const [i, { quota, used }] of after.entries()) {
      if (sameAmounts(before[i]!.used, used)) continue;
      const { name = '', namespace = '', resourceVersion } = quota.metadata ?? {};
      try {
        await this.#env.access.update<ResourceQuota>(
          'resourcequotas',
          namespace,
          name,
          (current) => {
            if (current.metadata?.resourceVersion !== resourceVersion) {
              throw conflict(
                { group: '', resource: 'resourcequotas' },
                name,
                optimisticLockMessage,
              );
            }
            return { ...current, status: { ...current.status, used: listOf(used) } };
          },
        );
      } catch (e) {
        if (!(e instanceof StatusError)) throw e;
        failed.add(name);
        error = e;
      }
    }
    return { failed, error };
  }
}
