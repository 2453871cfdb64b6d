/**
 * The resource quota controller: keeps `status.used`. Admission charges what is created; this
 * takes back what has gone, fills in new quotas and now and then counts everything anew.
 */
import { resourceQuotas } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { type Amounts, amountsOf, listOf, sameAmounts } from '../../machinery/quota/amounts.ts';
import type { QuotaEvaluator } from '../../machinery/quota/evaluators.ts';
import type { ResourceQuota } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { QuotaUsage } from './usage.ts';

export const resourceQuotaController = defineController({
  name: 'resourcequota-controller',
  aliases: ['resourcequota'],
  serviceAccount: 'resourcequota-controller',
  setup,
});

/** The status with the use as counted; what nobody counts stays. Undefined when it is right. */
export function quotaStatus(
  quota: ResourceQuota,
  counted: Amounts,
): ResourceQuota['status'] | undefined {
  const hard = amountsOf(quota.spec?.hard);
  const before = amountsOf(quota.status?.used);
  const used: Amounts = new Map();
  for (const name of hard.keys()) {
    const q = counted.get(name) ?? before.get(name);
    if (q !== undefined) used.set(name, q);
  }
  const right =
    quota.status?.hard !== undefined &&
    quota.status.used !== undefined &&
    sameAmounts(amountsOf(quota.status.hard), hard) &&
    sameAmounts(before, used);
  return right ? undefined : { hard: listOf(hard), used: listOf(used) };
}

function setup(context: ControllerContext): void {
  const { client, options } = context;
  const quotas = context.informer(resourceQuotas);
  const queue = context.queue({
    name: 'resourcequota_primary',
    workers: options.concurrentResourceQuotaSyncs,
    reconcile,
  });
  const wake = (quota: ResourceQuota): void => queue.add(keyOf(quota));
  const usage = new QuotaUsage(context, freed);
  quotas.addHandler({
    added: wake,
    updated(old, quota) {
      // Status changes are admission's and this controller's own: counting on each would be much.
      if (!sameAmounts(amountsOf(old.spec?.hard), amountsOf(quota.spec?.hard))) wake(quota);
    },
  });

  function freed(evaluator: QuotaEvaluator, namespace: string): void {
    for (const quota of quotas.store.list(namespace)) {
      if (Object.keys(quota.spec?.hard ?? {}).some((n) => evaluator.tracks(n))) wake(quota);
    }
  }

  let first = true;
  context.every('resource quota resync', options.resourceQuotaSyncPeriodMs, async () => {
    if (!first) {
      usage.forgetDiscovery();
      quotas.store.list().forEach(wake);
    }
    first = false;
  });

  async function reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const counting = quotas.store.byKey(key);
    if (counting === undefined) return;
    const used = await usage.of(counting, signal);
    // Counting may have waited for caches: the version at hand decides whether it may be written.
    const quota = quotas.store.byKey(key);
    if (quota === undefined) return;
    const status = quotaStatus(quota, used);
    if (status === undefined) return;
    await client.update(resourceQuotas, { ...quota, status }, { subresource: 'status', signal });
  }
}
