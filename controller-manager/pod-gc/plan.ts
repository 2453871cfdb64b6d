/** Which pods nobody else will clear away. */
import { parseTime } from '../../machinery/meta/times.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';

const outOfService = 'node.kubernetes.io/out-of-service';

export interface PodGcView {
  readonly pods: readonly Pod[];
  readonly node: (name: string) => Node | undefined;
  /** Ended pods that may stay; 0 for all. */
  readonly terminatedThreshold: number;
  /** Nodes that are known not to exist. */
  readonly goneNodes: ReadonlySet<string>;
}

export interface PodGcPlan {
  /** To be ended and deleted at once. */
  readonly remove: readonly Pod[];
  /** As `remove`, of nodes that are gone. */
  readonly orphans: readonly Pod[];
}

export function planPodGc({ pods, node, terminatedThreshold, goneNodes }: PodGcView): PodGcPlan {
  const orphans = pods.filter((p) => goneNodes.has(p.spec?.nodeName ?? ''));
  const remove = new Set<Pod>();
  if (terminatedThreshold > 0) {
    const ended = pods.filter(hasEnded);
    const surplus = ended.length - terminatedThreshold;
    if (surplus > 0) for (const pod of ended.sort(oldestFirst).slice(0, surplus)) remove.add(pod);
  }
  for (const pod of pods) {
    if (pod.metadata?.deletionTimestamp === undefined) continue;
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '' || isOutOfService(node(nodeName))) remove.add(pod);
  }
  for (const pod of orphans) remove.delete(pod);
  return { remove: [...remove], orphans };
}

/** The pod has ended, or is in a phase that no pod has. */
function hasEnded(pod: Pod): boolean {
  const phase = pod.status?.phase ?? '';
  return phase !== 'Pending' && phase !== 'Running' && phase !== 'Unknown';
}

/** An admin has declared the node's pods dead, and the node is indeed not ready. */
function isOutOfService(node: Node | undefined): boolean {
  if (node === undefined) return false;
  const ready = findCondition(node.status?.conditions, 'Ready')?.status === 'True';
  return !ready && (node.spec?.taints?.some((t) => t.key === outOfService) ?? false);
}

function isEvicted(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted';
}

function oldestFirst(a: Pod, b: Pod): number {
  if (isEvicted(a) !== isEvicted(b)) return isEvicted(a) ? -1 : 1;
  const [at, bt] = [createdMs(a), createdMs(b)];
  if (at !== bt) return at - bt;
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

function createdMs(pod: Pod): number {
  const text = pod.metadata?.creationTimestamp;
  return (text === undefined ? undefined : parseTime(text)) ?? 0;
}
