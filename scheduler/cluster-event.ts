/**
 * What happens in the cluster, as plugins register for it: a kind of object and a set of actions.
 * Names and bits follow the scheduling framework of v1.36, as metrics label them.
 */
import type { PodInfo } from './cache/pod-info.ts';

/** Actions as bits; combined with `|`. */
export const on = {
  add: 1,
  delete: 1 << 1,
  updateNodeAllocatable: 1 << 2,
  updateNodeLabel: 1 << 3,
  updateNodeTaint: 1 << 4,
  updateNodeCondition: 1 << 5,
  updateNodeAnnotation: 1 << 6,
  updateNodeDeclaredFeature: 1 << 7,
  updatePodLabel: 1 << 8,
  updatePodScaleDown: 1 << 9,
  updatePodToleration: 1 << 10,
  updatePodSchedulingGatesEliminated: 1 << 11,
  updatePodGeneratedResourceClaim: 1 << 12,
  update: ((1 << 13) - 1) & ~3,
  all: (1 << 13) - 1,
} as const;

/** Kinds plugins may register for; `Pod` covers both assigned and waiting pods. */
export type EventResource =
  | 'Pod'
  | 'AssignedPod'
  | 'UnschedulablePod'
  | 'Node'
  | 'PersistentVolume'
  | 'PersistentVolumeClaim'
  | 'storage.k8s.io/CSINode'
  | 'storage.k8s.io/CSIDriver'
  | 'storage.k8s.io/VolumeAttachment'
  | 'storage.k8s.io/CSIStorageCapacity'
  | 'storage.k8s.io/StorageClass'
  | '*';

/** Something that happened. */
export interface ClusterEvent {
  readonly resource: EventResource;
  readonly action: number;
  readonly label: string;
}

/** True when the change may make the waiting pod schedulable; errors count as true. */
export type QueueingHint = (pod: PodInfo, before: unknown, after: unknown) => boolean;

/** A plugin's wish: when this happens, pods it rejected are worth another try. */
export interface Wake {
  readonly resource: EventResource;
  readonly on: number;
  readonly hint?: QueueingHint;
}

const actionNames: ReadonlyMap<number, string> = new Map([
  [on.add, 'Add'],
  [on.delete, 'Delete'],
  [on.updateNodeAllocatable, 'UpdateNodeAllocatable'],
  [on.updateNodeLabel, 'UpdateNodeLabel'],
  [on.updateNodeTaint, 'UpdateNodeTaint'],
  [on.updateNodeCondition, 'UpdateNodeCondition'],
  [on.updateNodeAnnotation, 'UpdateNodeAnnotation'],
  [on.updateNodeDeclaredFeature, 'UpdateNodeDeclaredFeature'],
  [on.updatePodLabel, 'UpdatePodLabel'],
  [on.updatePodScaleDown, 'UpdatePodScaleDown'],
  [on.updatePodToleration, 'UpdatePodToleration'],
  [on.updatePodSchedulingGatesEliminated, 'UpdatePodSchedulingGatesEliminated'],
  [on.updatePodGeneratedResourceClaim, 'UpdatePodGeneratedResourceClaim'],
  [on.update, 'Update'],
  [on.all, 'All'],
]);

/** An event with the label metrics carry (`NodeAdd`, `AssignedPodDelete`). */
export function clusterEvent(resource: EventResource, action: number): ClusterEvent {
  return { resource, action, label: `${resource}${actionNames.get(action) ?? ''}` };
}

function special(label: string): ClusterEvent {
  return { resource: '*', action: on.all, label };
}

/** Events the scheduler itself raises. */
export const events = {
  assignedPodAdd: clusterEvent('AssignedPod', on.add),
  assignedPodDelete: clusterEvent('AssignedPod', on.delete),
  unscheduledPodAdd: clusterEvent('UnschedulablePod', on.add),
  unscheduledPodUpdate: clusterEvent('UnschedulablePod', on.update),
  nodeAdd: clusterEvent('Node', on.add),
  nodeDelete: clusterEvent('Node', on.delete),
  unschedulableTimeout: special('UnschedulableTimeout'),
  forceActivate: special('ForceActivate'),
} as const;

/** True for events that concern every waiting pod. */
export function isWildCard(event: ClusterEvent): boolean {
  return event.resource === '*' && event.action === on.all;
}

/** True when the wish covers the event. */
export function wakes(wake: Wake, event: ClusterEvent): boolean {
  if (wake.resource === '*' && wake.on === on.all) return true;
  const resource =
    wake.resource === '*' ||
    wake.resource === event.resource ||
    (wake.resource === 'Pod' &&
      (event.resource === 'AssignedPod' || event.resource === 'UnschedulablePod'));
  return resource && (wake.on & event.action) !== 0 && event.action <= wake.on;
}
