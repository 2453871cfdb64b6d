/** The disruption controller: keeps the status of PodDisruptionBudgets for the eviction API. */
import { podDisruptionBudgets, pods as podResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type { Pod, PodDisruptionBudget } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { isPodTerminal, podCondition } from '../pods/pod-state.ts';
import {
  type BudgetStatus,
  budgetStatus,
  disruptedPods,
  expectedPods,
  failedStatus,
  needsScale,
  selectorText,
} from './plan.ts';
import { ScaleFinder } from './scale.ts';

/** A pod that is to be disrupted but is not being deleted after this will not be. */
const staleMs = 2 * 60_000;

export const disruptionController = defineController({
  name: 'disruption-controller',
  aliases: ['disruption'],
  serviceAccount: 'disruption-controller',
  setup,
});

/** How long until condition DisruptionTarget counts as stale; undefined when it never will. */
export function staleInMs(pod: Pod, nowMs: number): number | undefined {
  const condition = podCondition(pod, 'DisruptionTarget');
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  if (pod.metadata?.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined;
  const since = parseTime(condition.lastTransitionTime ?? '') ?? nowMs;
  return Math.max(0, since + staleMs - nowMs);
}

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('controllermanager');
  const budgets = context.informer(podDisruptionBudgets);
  const pods = context.informer(podResource);
  const finder = new ScaleFinder(context);
  const queue = context.queue({ name: 'disruption', workers: 1, reconcile });
  const staleQueue = context.queue({
    name: 'stale_pod_disruption',
    workers: 1,
    reconcile: clearStale,
  });

  const wake = (pdb: PodDisruptionBudget): void => queue.add(keyOf(pdb));
  budgets.addHandler({ added: wake, updated: (_, pdb) => wake(pdb) });
  pods.addHandler({
    added(pod) {
      const matching = podChanged(pod);
      if (matching.length > 1) tellOfMany(pod, matching);
    },
    updated(old, pod) {
      podChanged(pod);
      if (!deepEqual(old.metadata?.labels, pod.metadata?.labels)) budgetsOf(old).forEach(wake);
    },
    deleted: (pod) => budgetsOf(pod).forEach(wake),
  });

  function podChanged(pod: Pod): PodDisruptionBudget[] {
    const matching = budgetsOf(pod);
    matching.forEach(wake);
    const stale = staleInMs(pod, clock.now());
    if (stale !== undefined) staleQueue.addAfter(keyOf(pod), stale);
    return matching;
  }

  function budgetsOf(pod: Pod): PodDisruptionBudget[] {
    const { namespace = '', labels = {} } = pod.metadata ?? {};
    return budgets.store.list(namespace).filter((b) => selects(b, labels));
  }

  function selects(pdb: PodDisruptionBudget, labels: Record<string, string>): boolean {
    const selector = pdb.spec?.selector;
    return selector !== undefined && selectorOf(selector).matches(labels);
  }

  function tellOfMany(pod: Pod, matching: readonly PodDisruptionBudget[]): void {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const text =
      `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  ` +
      `Chose "${matching[0]?.metadata?.name}" arbitrarily.`;
    recorder.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', text);
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const pdb = budgets.store.byKey(key);
    if (pdb === undefined) return undefined;
    try {
      return await update(pdb, signal);
    } catch (e) {
      if (signal.aborted || hasReason(e, 'Conflict')) throw e;
      // At least nothing is evicted that should not be.
      const message = e instanceof Error ? e.message : String(e);
      await write(pdb, failedStatus(pdb, message, clock.now()), signal);
      return undefined;
    }
  }

  async function update(
    pdb: PodDisruptionBudget,
    signal: AbortSignal,
  ): Promise<Requeue | undefined> {
    const { namespace = '' } = pdb.metadata ?? {};
    const own = pods.store.list(namespace).filter((p) => selects(pdb, p.metadata?.labels ?? {}));
    if (own.length === 0) recorder.event(pdb, 'Normal', 'NoPods', 'No matching pods found');
    const expected = expectedPods(pdb, own.length, await scaleOf(pdb, own, signal));
    const now = clock.now();
    const disrupted = disruptedPods(pdb, own, now);
    for (const pod of disrupted.late) {
      // The real controller names the namespace twice; kept, for those who look for the text.
      const text = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      recorder.event(pod, 'Warning', 'NotDeleted', text);
    }
    await write(pdb, budgetStatus(pdb, own, expected, disrupted.still, now), signal);
    const { recheckAtMs } = disrupted;
    return recheckAtMs === undefined ? undefined : { requeueAfterMs: recheckAtMs - now + 1 };
  }

  async function scaleOf(
    pdb: PodDisruptionBudget,
    own: readonly Pod[],
    signal: AbortSignal,
  ): Promise<number> {
    if (!needsScale(pdb)) return 0;
    try {
      const { total, unmanaged } = await finder.sum(own, signal);
      if (unmanaged.length > 0) {
        const text =
          `Pods selected by this PodDisruptionBudget (selector: ${selectorText(pdb.spec?.selector)}) ` +
          'were found to be unmanaged. As a result, the status of the PDB cannot be calculated ' +
          'correctly, which may result in undefined behavior. To account for these pods please ' +
          'set ".spec.minAvailable" field of the PDB to an integer value.';
        recorder.event(pdb, 'Warning', 'UnmanagedPods', text);
      }
      return total;
    } catch (e) {
      if (!signal.aborted) {
        const why = e instanceof Error ? e.message : String(e);
        const text = `Failed to calculate the number of expected pods: ${why}`;
        recorder.event(pdb, 'Warning', 'CalculateExpectedPodCountFailed', text);
      }
      throw e;
    }
  }

  async function write(
    pdb: PodDisruptionBudget,
    status: BudgetStatus,
    signal: AbortSignal,
  ): Promise<void> {
    if (deepEqual(status, pdb.status)) return;
    const options = { subresource: 'status', signal } as const;
    await client.update(podDisruptionBudgets, { ...pdb, status }, options);
  }

  /** A pod that was to be disrupted but stayed is no target any more. */
  async function clearStale(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const pod = pods.store.byKey(key);
    const waitMs = pod === undefined ? undefined : staleInMs(pod, clock.now());
    if (pod === undefined || waitMs === undefined) return undefined;
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const { generation } = pod.metadata ?? {};
    const cleared = {
      type: 'DisruptionTarget',
      status: 'False',
      lastTransitionTime: formatTime(clock.now()),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const conditions = (pod.status?.conditions ?? []).map((c) =>
      c.type === cleared.type ? cleared : c,
    );
    const changed = { ...pod, status: { ...pod.status, conditions } };
    await client.update(podResource, changed, { subresource: 'status', signal });
    return undefined;
  }
}
