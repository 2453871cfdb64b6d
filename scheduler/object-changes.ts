/** What an update of a pod or a node means for scheduling, as cluster events. */
import { deepEqual } from '../machinery/meta/equality.ts';
import type { Node, NodeCondition, Pod } from '../machinery/schema/wire.ts';
import { type PodRequests, podRequests } from './cache/requests.ts';
import { type ClusterEvent, clusterEvent, on } from './cluster-event.ts';

/** The events of a pod's update; a plain update when nothing special changed. */
export function podChanges(before: Pod, after: Pod): ClusterEvent[] {
  const resource = after.spec?.nodeName ? 'AssignedPod' : 'UnschedulablePod';
  const changes: ClusterEvent[] = [];
  const note = (action: number) => changes.push(clusterEvent(resource, action));
  if (!deepEqual(before.metadata?.labels, after.metadata?.labels)) note(on.updatePodLabel);
  if (scaledDown(before, after)) note(on.updatePodScaleDown);
  if (before.spec?.schedulingGates?.length && !after.spec?.schedulingGates?.length) {
    note(on.updatePodSchedulingGatesEliminated);
  }
  if ((before.spec?.tolerations?.length ?? 0) !== (after.spec?.tolerations?.length ?? 0)) {
    note(on.updatePodToleration);
  }
  if (changes.length === 0) note(on.update);
  return changes;
}

function scaledDown(before: Pod, after: Pod): boolean {
  // Requests change by a resize only: of the spec, or of what the kubelet reports.
  if (before.spec === after.spec && before.status === after.status) return false;
  return isLess(podRequests(after), podRequests(before));
}

/** True when any amount of `a` is below that of `b`. */
function isLess(a: PodRequests, b: PodRequests): boolean {
  if (a.cpu < b.cpu || a.memory < b.memory || a.ephemeralStorage < b.ephemeralStorage) return true;
  for (const [name, amount] of b.scalars ?? []) {
    if ((a.scalars?.get(name) ?? 0) < amount) return true;
  }
  return false;
}

/** The events of a node's update; none when nothing that matters changed. */
export function nodeChanges(before: Node, after: Node): ClusterEvent[] {
  const changes: ClusterEvent[] = [];
  const note = (action: number) => changes.push(clusterEvent('Node', action));
  if (before.spec?.unschedulable === true && after.spec?.unschedulable !== true) {
    note(on.updateNodeTaint);
  }
  if (!deepEqual(before.status?.allocatable, after.status?.allocatable)) {
    note(on.updateNodeAllocatable);
  }
  if (!deepEqual(before.metadata?.labels, after.metadata?.labels)) note(on.updateNodeLabel);
  if (!deepEqual(before.spec?.taints, after.spec?.taints)) note(on.updateNodeTaint);
  if (conditionsOf(before) !== conditionsOf(after)) note(on.updateNodeCondition);
  if (!deepEqual(before.metadata?.annotations, after.metadata?.annotations)) {
    note(on.updateNodeAnnotation);
  }
  if (!deepEqual(before.status?.declaredFeatures, after.status?.declaredFeatures)) {
    note(on.updateNodeDeclaredFeature);
  }
  return changes;
}

function conditionsOf(node: Node): string {
  const conditions: readonly NodeCondition[] = node.status?.conditions ?? [];
  return conditions
    .map((c) => `${c.type}=${c.status}`)
    .sort()
    .join();
}
