/**
 * Which pods go first when there are too many: the order of the ReplicaSet documentation
 * (unassigned, pending, not ready, cheap, crowded, young), times compared by their logarithm
 * so that equals are picked at random.
 */
import { parseTime } from '../../machinery/meta/times.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { isPodReady, readySince } from './pod-state.ts';

const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/** What the order needs to know of each pod. */
interface Ranked {
  readonly pod: Pod;
  readonly assigned: boolean;
  readonly phase: number;
  readonly ready: boolean;
  readonly cost: number;
  /** Ready pods of the same owner on its node. */
  readonly crowd: number;
  readonly readySinceMs: number | undefined;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly createdMs: number | undefined;
}

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The `count` pods to delete. `related` are the pods of the owner's siblings too (all replica
 * sets of a deployment): nodes that have more of them are relieved first.
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  nowMs: number,
): Pod[] {
  if (count >= pods.length) return [...pods];
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? '';
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => rank(pod, onNode.get(pod.spec?.nodeName ?? '') ?? 0));
  ranked.sort((a, b) => compare(a, b, nowMs));
  return ranked.slice(0, count).map((r) => r.pod);
}

/** All pods, those to delete first at the start, by the plain order: no costs, exact times. */
export function firstToGo(pods: readonly Pod[]): Pod[] {
  const later = (a: number | undefined, b: number | undefined): number =>
    a === b ? 0 : a === undefined ? -1 : b === undefined ? 1 : b - a;
  return pods
    .map((pod) => rank(pod, 0))
    .sort(
      (a, b) =>
        compareState(a, b) ||
        (a.ready && b.ready ? later(a.readySinceMs, b.readySinceMs) : 0) ||
        compareRestarts(a, b) ||
        later(a.createdMs, b.createdMs),
    )
    .map((r) => r.pod);
}

function rank(pod: Pod, crowd: number): Ranked {
  const created = pod.metadata?.creationTimestamp;
  return {
    pod,
    assigned: (pod.spec?.nodeName ?? '') !== '',
    phase: phaseOrder[pod.status?.phase ?? ''] ?? 0,
    ready: isPodReady(pod),
    cost: costOf(pod),
    crowd,
    readySinceMs: readySince(pod),
    ...restartsOf(pod),
    createdMs: created === undefined ? undefined : parseTime(created),
  };
}

function compare(a: Ranked, b: Ranked, nowMs: number): number {
  return (
    compareState(a, b) ||
    a.cost - b.cost ||
    b.crowd - a.crowd ||
    (a.ready && b.ready ? compareTimes(a, b, a.readySinceMs, b.readySinceMs, nowMs) : 0) ||
    compareRestarts(a, b) ||
    compareTimes(a, b, a.createdMs, b.createdMs, nowMs)
  );
}

function compareState(a: Ranked, b: Ranked): number {
  return (
    Number(a.assigned) - Number(b.assigned) ||
    a.phase - b.phase ||
    Number(a.ready) - Number(b.ready)
  );
}

function compareRestarts(a: Ranked, b: Ranked): number {
  return b.restarts - a.restarts || b.sidecarRestarts - a.sidecarRestarts;
}

/** Missing times first, then younger by order of magnitude, then by uid. */
function compareTimes(
  a: Ranked,
  b: Ranked,
  timeA: number | undefined,
  timeB: number | undefined,
  nowMs: number,
): number {
  if (timeA === timeB) return 0;
  if (timeA === undefined) return -1;
  if (timeB === undefined) return 1;
  const order = magnitude(nowMs - timeA) - magnitude(nowMs - timeB);
  if (order !== 0) return order;
  return (a.pod.metadata?.uid ?? '') < (b.pod.metadata?.uid ?? '') ? -1 : 1;
}

function magnitude(ms: number): number {
  return ms > 0 ? Math.trunc(Math.log2(ms * 1e6)) : -1;
}

/** A 32-bit integer without plus sign or leading zeros; anything else counts as 0. */
function costOf(pod: Pod): number {
  const text = pod.metadata?.annotations?.[deletionCost] ?? '';
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

function restartsOf(pod: Pod): { restarts: number; sidecarRestarts: number } {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  );
  const most = (counts: number[]): number => Math.max(0, ...counts);
  return {
    restarts: most((pod.status?.containerStatuses ?? []).map((s) => s.restartCount)),
    sidecarRestarts: most(
      (pod.status?.initContainerStatuses ?? [])
        .filter((s) => sidecars.has(s.name))
        .map((s) => s.restartCount),
    ),
  };
}
