/** The taint eviction controller: deletes pods whose node has a NoExecute taint they do not bear. */
import { nodes as nodeResource, pods as podResource } from '../../client/resources.ts';
import { keyOf, splitKey } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { tolerates } from '../../machinery/meta/tolerations.ts';
import type { Node, Pod, Taint, Toleration } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { markDisruptionTarget } from '../pods/disruption-target.ts';
import { indexByNode, podsOnNode } from '../pods/pod-node-index.ts';

const workers = 8;
const why = {
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
};

export const taintEvictionController = defineController({
  name: 'taint-eviction-controller',
  aliases: ['taint-eviction'],
  serviceAccount: 'node-controller',
  setup,
});

/**
 * How long a pod may stay with these NoExecute taints: 0 for not at all, undefined for ever.
 * The shortest of the tolerations that bear a taint counts.
 */
export function toleratedMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): number | undefined {
  const used = new Set<Toleration>();
  for (const taint of taints) {
    const matching = tolerations.find((t) => tolerates(t, taint));
    if (matching === undefined) return 0;
    used.add(matching);
  }
  const limits = [...used].map((t) => t.tolerationSeconds).filter((s) => s !== undefined);
  return limits.length === 0 ? undefined : Math.max(0, Math.min(...limits)) * 1000;
}

function noExecute(node: Node | undefined): Taint[] {
  return (node?.spec?.taints ?? []).filter((t) => t.effect === 'NoExecute');
}

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('taint-eviction-controller');
  const nodes = context.informer(nodeResource);
  const pods = context.informer(podResource);
  indexByNode(pods);
  const queue = context.queue({ workers, reconcile });
  /** Pods that are to go later, with the time when that was decided. */
  const sentenced = new Map<string, number>();

  const nodeChanged = (node: Node): void => {
    for (const pod of podsOnNode(pods, keyOf(node))) queue.add(keyOf(pod));
  };
  nodes.addHandler({
    added: (node) => {
      if (noExecute(node).length > 0) nodeChanged(node);
    },
    updated: (old, node) => {
      if (!deepEqual(noExecute(old), noExecute(node))) nodeChanged(node);
    },
  });
  const podChanged = (pod: Pod): void => {
    const node = nodes.store.get(undefined, pod.spec?.nodeName ?? '');
    if (noExecute(node).length > 0) queue.add(keyOf(pod));
  };
  pods.addHandler({
    added: podChanged,
    updated(old, pod) {
      const same =
        old.spec?.nodeName === pod.spec?.nodeName &&
        deepEqual(old.spec?.tolerations, pod.spec?.tolerations);
      if (!same) podChanged(pod);
    },
    deleted: (pod) => pardon(keyOf(pod)),
  });

  /** The pod is not to go any more. */
  function pardon(key: string): void {
    if (!sentenced.delete(key)) return;
    const about = pods.store.byKey(key) ?? { apiVersion: 'v1', kind: 'Pod', ...splitKey(key) };
    recorder.event(about, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const pod = pods.store.byKey(key);
    const nodeName = pod?.spec?.nodeName ?? '';
    const taints = noExecute(nodeName === '' ? undefined : nodes.store.get(undefined, nodeName));
    const allowedMs = toleratedMs(taints, pod?.spec?.tolerations ?? []);
    if (pod === undefined || allowedMs === undefined) {
      pardon(key);
      return undefined;
    }
    if (pod.metadata?.deletionTimestamp !== undefined) {
      sentenced.delete(key);
      return undefined;
    }
    const since = sentenced.get(key) ?? clock.now();
    const waitMs = since + allowedMs - clock.now();
    if (waitMs > 0) {
      sentenced.set(key, since);
      return { requeueAfterMs: waitMs };
    }
    await evict(pod, signal);
    sentenced.delete(key);
    return undefined;
  }

  async function evict(cached: Pod, signal: AbortSignal): Promise<void> {
    const key = keyOf(cached);
    const text = `Marking for deletion Pod ${key}`;
    recorder.event(cached, 'Normal', 'TaintManagerEviction', text);
    const at = splitKey(key);
    try {
      // The cache may lag: a pod of the same name made since must not go in its place.
      const pod = await client.get(podResource, at, { signal });
      if (pod.metadata?.uid !== cached.metadata?.uid) return;
      await markDisruptionTarget(client, pod, why, {}, clock.now(), signal);
      await client.delete(podResource, at, { signal });
    } catch (e) {
      if (!hasReason(e, 'NotFound')) throw e;
    }
  }
}
