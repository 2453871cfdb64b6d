/** The DaemonSet controller: one pod on each node that wants one. */
import { OwnWrites } from '../../client/own-writes.ts';
import {
  controllerRevisions,
  daemonSets,
  nodes as nodeResource,
  pods as podResource,
} from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import { controllerOf, newControllerRef } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { DaemonSet, Node, OwnerReference, Pod } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { History } from '../history/history.ts';
import { outdatedRevisions } from '../history/revisions.ts';
import { claim } from '../pods/claim.ts';
import { indexByController, ownedBy, ownedOrOrphaned } from '../pods/owner-index.ts';
import { isNamespaceTerminating, PodControl, podFromTemplate } from '../pods/pod-control.ts';
import { isPodReady, nextAvailabilityMs } from '../pods/pod-state.ts';
import { slowStart } from '../pods/slow-start.ts';
import { FailedPodBackoff } from './failed-pods.ts';
import { hashLabel, judgeNode, targetNode, templateFor } from './nodes.ts';
import { type DaemonPlan, daemonStatus, planDaemons } from './plan.ts';

const lagMs = 100;
const historyDefault = 10;
/** Pods created and deleted at a time (as upstream). */
const burst = 250;

export const daemonSetController = defineController({
  name: 'daemonset-controller',
  aliases: ['daemonset'],
  serviceAccount: 'daemon-set-controller',
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('daemonset-controller');
  const control = new PodControl(client, recorder);
  const sets = context.informer(daemonSets);
  const pods = context.informer(podResource);
  const nodes = context.informer(nodeResource);
  const revisions = context.informer(controllerRevisions);
  indexByController(pods);
  const history = new History(client, revisions);
  const podWrites = new OwnWrites(pods);
  const setWrites = new OwnWrites(sets);
  const backoff = new FailedPodBackoff();
  const queue = context.queue({ workers: context.options.concurrentDaemonSetSyncs, reconcile });

  const wake = (set: DaemonSet): void => queue.add(keyOf(set));
  sets.addHandler({ added: wake, updated: (_, set) => wake(set), deleted: wake });
  pods.addHandler({
    added: podChanged,
    updated(old, pod) {
      const before = controllerOf(old);
      if (before !== undefined && before.uid !== controllerOf(pod)?.uid) wakeOwner(old, before);
      podChanged(pod);
      const set = ownerOf(pod);
      const minReady = set?.spec?.minReadySeconds ?? 0;
      if (set !== undefined && minReady > 0 && !isPodReady(old) && isPodReady(pod)) {
        queue.addAfter(keyOf(set), (minReady + 1) * 1000);
      }
    },
    deleted: podChanged,
  });
  nodes.addHandler({
    added: nodeChanged,
    updated(old, node) {
      const same =
        deepEqual(old.metadata?.labels, node.metadata?.labels) &&
        deepEqual(old.spec?.taints, node.spec?.taints);
      if (!same) nodeChanged(node);
    },
    deleted: () => sets.store.list().forEach(wake),
  });

  function nodeChanged(node: Node): void {
    const name = node.metadata?.name;
    for (const set of sets.store.list()) {
      const { run, stay } = judgeNode(set, node);
      const there = ownedBy(pods, set).some((p) => targetNode(p) === name);
      const misscheduled = (set.status?.numberMisscheduled ?? 0) > 0;
      if ((run && !there) || (!stay && there) || (there && misscheduled)) wake(set);
    }
  }

  function podChanged(pod: Pod): void {
    const controller = controllerOf(pod);
    if (controller !== undefined) {
      wakeOwner(pod, controller);
      return;
    }
    for (const set of sets.store.list(pod.metadata?.namespace ?? '')) {
      if (selectorOf(set.spec?.selector).matches(pod.metadata?.labels ?? {})) wake(set);
    }
  }

  function wakeOwner(pod: Pod, reference: OwnerReference): void {
    const set = resolve(pod, reference);
    if (set !== undefined) wake(set);
  }

  function ownerOf(pod: Pod): DaemonSet | undefined {
    const controller = controllerOf(pod);
    return controller === undefined ? undefined : resolve(pod, controller);
  }

  function resolve(pod: Pod, reference: OwnerReference): DaemonSet | undefined {
    if (reference.kind !== 'DaemonSet') return undefined;
    const set = sets.store.get(pod.metadata?.namespace, reference.name);
    return set?.metadata?.uid === reference.uid ? set : undefined;
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const set = sets.store.byKey(key);
    const trackers = [history, podWrites, setWrites];
    if (set === undefined) {
      for (const tracker of trackers) tracker.forget(key);
      return undefined;
    }
    const selector = selectorOf(set.spec?.selector);
    if (selector.empty) {
      const text = 'This daemon set is selecting all pods. A non-empty selector is required.';
      recorder.event(set, 'Warning', 'SelectingAll', text);
      return undefined;
    }
    if (set.metadata?.deletionTimestamp !== undefined) return undefined;
    if (!trackers.every((t) => t.isCurrent(key))) return { requeueAfterMs: lagMs };
    const known = await history.list(set, daemonSets, selector, signal);
    const own = await claim({
      client,
      owner: set,
      ownerResource: daemonSets,
      resource: podResource,
      selector,
      candidates: ownedOrOrphaned(pods, set),
      signal,
    });
    const parent = {
      object: set,
      apiVersion: daemonSets.apiVersion,
      kind: daemonSets.kind,
      template: set.spec?.template ?? {},
      hashLabel,
    };
    const before = set.status?.collisionCount ?? 0;
    const { revision, collisions } = await history.update(key, parent, known, before, signal);
    const backoffKey = (node: string): string =>
      `${set.metadata?.uid}/${set.status?.observedGeneration ?? 0}/${node}`;
    const nowMs = clock.now();
    const view = {
      set,
      hash: revision.metadata?.labels?.[hashLabel] ?? '',
      nodes: nodes.store.list(),
      pods: own,
      failedWaitMs: (node: string) => backoff.waitMs(backoffKey(node), nowMs),
      nowMs,
    };
    const plan = planDaemons(view);
    for (const pod of plan.failed) backoff.next(backoffKey(targetNode(pod) ?? ''), nowMs);
    const failure = await carryOut(key, set, plan, view.hash, signal);
    const status = daemonStatus(view, collisions);
    if (!deepEqual(set.status, status)) {
      const options = { subresource: 'status', signal } as const;
      setWrites.wrote(key, await client.update(daemonSets, { ...set, status }, options));
    }
    if (failure !== undefined) throw failure;
    const hashes = new Set(own.map((p) => p.metadata?.labels?.[hashLabel]));
    const live = known
      .filter((r) => r === revision || hashes.has(r.metadata?.labels?.[hashLabel]))
      .map((r) => r.metadata?.name ?? '');
    const limit = set.spec?.revisionHistoryLimit ?? historyDefault;
    const keep = new Set([...live, revision.metadata?.name ?? '']);
    await history.remove(key, outdatedRevisions(known, keep, limit), signal);
    const minReady = set.spec?.minReadySeconds ?? 0;
    const unsettled = minReady > 0 && status.numberReady !== (status.numberAvailable ?? 0);
    const available = unsettled
      ? (nextAvailabilityMs(own, minReady, nowMs) ?? minReady * 1000)
      : undefined;
    const waits = [plan.requeueAfterMs, available].filter((ms) => ms !== undefined);
    return waits.length === 0 ? undefined : { requeueAfterMs: Math.min(...waits) };
  }

  /** Creates and deletes; returns the first failure. */
  async function carryOut(
    key: string,
    set: DaemonSet,
    plan: DaemonPlan,
    hash: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const tell = (pod: Pod, how: string, verb: string): string =>
      `Found ${how} daemon pod ${keyOf(pod)} on node ${targetNode(pod)}, will try to ${verb} it`;
    for (const pod of plan.failed) {
      recorder.event(set, 'Warning', 'FailedDaemonPod', tell(pod, 'failed', 'kill'));
    }
    for (const pod of plan.succeeded) {
      recorder.event(set, 'Normal', 'SucceededDaemonPod', tell(pod, 'succeeded', 'delete'));
    }
    const reference = newControllerRef(set, daemonSets.apiVersion, daemonSets.kind);
    const create = plan.create.slice(0, burst);
    const created = await slowStart(create.length, async (i) => {
      const template = templateFor(set, create[i]!, hash);
      try {
        const pod = podFromTemplate(template, set, reference);
        podWrites.wrote(key, await control.create(pod, set, signal));
      } catch (e) {
        if (!isNamespaceTerminating(e)) throw e;
      }
    });
    const removed = await Promise.all(
      plan.remove.slice(0, burst).map(async (pod) => {
        try {
          await control.delete(pod, set, signal);
          podWrites.deleted(key, pod);
          return undefined;
        } catch (e) {
          return hasReason(e, 'NotFound') ? undefined : e;
        }
      }),
    );
    return created.error ?? removed.find((e) => e !== undefined);
  }
}
