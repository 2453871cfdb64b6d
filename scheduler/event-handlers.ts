/** Feeds the cache and the queue from the informers. */
import type { InformerHandler } from '../client/informer.ts';
import type * as wire from '../machinery/schema/wire.ts';
import type { PodInfo } from './cache/pod-info.ts';
import { clusterEvent, type EventResource, events, on } from './cluster-event.ts';
import { nodeChanges, podChanges } from './object-changes.ts';
import type { Scheduler } from './scheduler.ts';

/** Pods: those with a node go to the cache, those of our profiles without one to the queue. */
export function podHandler(scheduler: Scheduler): InformerHandler<wire.Pod> {
  const { cache, queue } = scheduler;
  const addAssigned = (pod: wire.Pod) => {
    cache.addPod(pod);
    queue.moveAll(events.assignedPodAdd, undefined, pod);
  };
  return {
    added(pod) {
      if (pod.spec?.nodeName) addAssigned(pod);
      else if (scheduler.isResponsibleFor(pod)) queue.add(pod);
    },
    updated(before, after) {
      if (before.spec?.nodeName) {
        cache.updatePod(after);
        for (const event of podChanges(before, after)) queue.moveAll(event, before, after);
      } else if (after.spec?.nodeName) {
        addAssigned(after);
        // Usually bound by us and gone from the queue; another scheduler may have done it.
        if (scheduler.isResponsibleFor(before)) queue.delete(before.metadata?.uid ?? '');
      } else if (scheduler.isResponsibleFor(before)) updateWaiting(scheduler, before, after);
    },
    deleted(pod) {
      const uid = pod.metadata?.uid ?? '';
      if (pod.spec?.nodeName) {
        cache.removePod(uid);
        queue.moveAll(events.assignedPodDelete, pod, undefined);
      } else if (scheduler.isResponsibleFor(pod)) deleteWaiting(scheduler, pod, uid);
    },
  };
}

function updateWaiting(scheduler: Scheduler, before: wire.Pod, after: wire.Pod): void {
  const uid = after.metadata?.uid ?? '';
  if (scheduler.cache.isAssumed(uid)) {
    const deletes = after.metadata?.deletionTimestamp !== undefined;
    if (deletes && before.metadata?.deletionTimestamp === undefined) {
      scheduler.assumedPodDeleted(uid);
    }
    return;
  }
  scheduler.queue.update(before, after);
  const nominated = before.status?.nominatedNodeName;
  if (nominated && nominated !== after.status?.nominatedNodeName) {
    giveUpNomination(scheduler, before);
  }
}

function deleteWaiting(scheduler: Scheduler, pod: wire.Pod, uid: string): void {
  scheduler.queue.delete(uid);
  if (scheduler.cache.isAssumed(uid)) scheduler.assumedPodDeleted(uid);
  else if (pod.status?.nominatedNodeName) giveUpNomination(scheduler, pod);
}

/** Pods of lower or the same priority no longer have to make way for it. */
function giveUpNomination(scheduler: Scheduler, pod: wire.Pod): void {
  const priority = pod.spec?.priority ?? 0;
  const lower = (other: PodInfo) => other.priority <= priority;
  scheduler.queue.moveAll(events.assignedPodDelete, pod, undefined, lower);
}

export function nodeHandler(scheduler: Scheduler): InformerHandler<wire.Node> {
  const { cache, queue } = scheduler;
  return {
    added(node) {
      cache.addNode(node);
      queue.moveAll(events.nodeAdd, undefined, node);
    },
    updated(before, after) {
      cache.updateNode(before, after);
      for (const event of nodeChanges(before, after)) queue.moveAll(event, before, after);
    },
    deleted(node) {
      queue.moveAll(events.nodeDelete, node, undefined);
      cache.removeNode(node.metadata?.name ?? '');
    },
  };
}

/** Kinds that only wake pods (volumes, storage classes and the like). */
export function wakingHandler<T>(
  scheduler: Scheduler,
  resource: EventResource,
): InformerHandler<T> {
  const add = clusterEvent(resource, on.add);
  const update = clusterEvent(resource, on.update);
  const remove = clusterEvent(resource, on.delete);
  return {
    added: (object) => scheduler.queue.moveAll(add, undefined, object),
    updated: (before, after) => scheduler.queue.moveAll(update, before, after),
    deleted: (object) => scheduler.queue.moveAll(remove, object, undefined),
  };
}
