/**
 * The pod garbage collector: clears away ended pods above a number, pods of nodes that are gone
 * or out of service, and pods that were deleted before they got a node.
 */
import { errorFields } from '../../client/log.ts';
import { nodes as nodeResource, pods as podResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { inParallel } from '../in-parallel.ts';
import { markDisruptionTarget } from '../pods/disruption-target.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { planPodGc } from './plan.ts';

const periodMs = 20_000;
/** How long a node may be missing from the cache before the server is asked. */
const quarantineMs = 40_000;
const deletesAtOnce = 10;
const orphaned = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };

export const podGarbageCollector = defineController({
  name: 'pod-garbage-collector-controller',
  aliases: ['podgc'],
  serviceAccount: 'pod-garbage-collector',
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock, log } = context;
  const pods = context.informer(podResource);
  const nodes = context.informer(nodeResource);
  /** Node names that pods carry and the cache does not know, with when that was first seen. */
  const missing = new Map<string, number>();

  context.every('pod gc', periodMs, async (signal) => {
    const all = pods.store.list();
    const plan = planPodGc({
      pods: all,
      node: (name) => nodes.store.get(undefined, name),
      terminatedThreshold: context.options.terminatedPodGcThreshold,
      goneNodes: await goneNodes(all, signal),
    });
    await removeAll(plan.remove, undefined, signal);
    await removeAll(plan.orphans, orphaned, signal);
  });

  async function goneNodes(all: readonly Pod[], signal: AbortSignal): Promise<Set<string>> {
    const unknown = new Set<string>();
    for (const { spec } of all) {
      const name = spec?.nodeName ?? '';
      if (name !== '' && nodes.store.get(undefined, name) === undefined) unknown.add(name);
    }
    for (const name of missing.keys()) if (!unknown.has(name)) missing.delete(name);
    const gone = new Set<string>();
    for (const name of unknown) {
      const since = missing.get(name) ?? clock.now();
      missing.set(name, since);
      if (clock.now() - since < quarantineMs) continue;
      try {
        await client.get(nodeResource, { name }, { signal, metadataOnly: true });
        missing.delete(name);
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
        gone.add(name);
      }
    }
    return gone;
  }

  async function removeAll(
    list: readonly Pod[],
    why: typeof orphaned | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await inParallel(list, deletesAtOnce, async (pod) => {
      try {
        await remove(pod, why, signal);
      } catch (e) {
        // The next round tries again.
        if (signal.aborted || hasReason(e, 'NotFound')) return;
        log.warn({ pod: keyOf(pod), ...errorFields(e) }, 'pod gc failed');
      }
    });
  }

  async function remove(
    pod: Pod,
    why: typeof orphaned | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name = '', uid, generation } = pod.metadata ?? {};
    if (!isPodTerminal(pod)) {
      // No kubelet will ever say that it has ended.
      const observed = generation === undefined ? {} : { observedGeneration: generation };
      const change = { phase: 'Failed', ...observed };
      await markDisruptionTarget(client, pod, why, change, clock.now(), signal);
    }
    await client.delete(
      podResource,
      { namespace, name },
      { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }), signal },
    );
  }
}
