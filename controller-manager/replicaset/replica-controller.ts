/**
 * The controller behind ReplicaSet and ReplicationController: keeps as many pods as asked for.
 * Waits (expectations) until its cache shows what it did before it counts again.
 */
import type { Resource } from '../../client/client.ts';
import { Expectations } from '../../client/expectations.ts';
import { pods as podResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import type { Selector } from '../../machinery/meta/labels.ts';
import { controllerOf, newControllerRef } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { KubeObject, OwnerReference, Pod } from '../../machinery/schema/wire.ts';
import type { ControllerContext, Requeue } from '../controller.ts';
import { claim } from '../pods/claim.ts';
import { indexByController, ownedByUid, ownedOrOrphaned } from '../pods/owner-index.ts';
import { isNamespaceTerminating, PodControl, podFromTemplate } from '../pods/pod-control.ts';
import { isPodActive, isPodReady, isPodTerminating } from '../pods/pod-state.ts';
import { slowStart } from '../pods/slow-start.ts';
import {
  availabilityCheckMs,
  planReplicas,
  type ReplicaSpec,
  type ReplicaStatus,
  replicaStatus,
  sameStatus,
} from './plan.ts';

/** What differs between the two kinds. */
export interface ReplicaKind<T extends KubeObject & { status?: ReplicaStatus }> {
  readonly resource: Resource<T>;
  /** Name in events. */
  readonly component: string;
  readonly reportsTerminating: boolean;
  readonly workers: number;
  spec(object: T): ReplicaSpec;
  selector(object: T): Selector;
}

/** Sets the controller up for one of the kinds. */
export function setUpReplicas<T extends KubeObject & { status?: ReplicaStatus }>(
  context: ControllerContext,
  kind: ReplicaKind<T>,
): void {
  const { client, clock } = context;
  const { resource } = kind;
  const sets = context.informer(resource);
  const pods = context.informer(podResource);
  indexByController(pods);
  indexByController(sets);
  const expectations = new Expectations(clock);
  const control = new PodControl(client, context.recorder(kind.component));
  const queue = context.queue({ workers: kind.workers, reconcile });

  sets.addHandler({
    added: (set) => queue.add(keyOf(set)),
    updated: (_, set) => queue.add(keyOf(set)),
    deleted(set) {
      expectations.delete(keyOf(set));
      queue.add(keyOf(set));
    },
  });
  pods.addHandler({
    added(pod) {
      const controller = controllerOf(pod);
      if (pod.metadata?.deletionTimestamp !== undefined) podGone(pod);
      else if (controller === undefined) wakeSelectors(pod);
      else {
        const set = resolve(pod, controller);
        if (set === undefined) return;
        expectations.creationObserved(keyOf(set));
        queue.add(keyOf(set));
      }
    },
    updated: podChanged,
    deleted: podGone,
  });

  function podChanged(old: Pod, pod: Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      podGone(pod);
      return;
    }
    const before = controllerOf(old);
    const controller = controllerOf(pod);
    const moved = before?.uid !== controller?.uid;
    const previous = moved && before !== undefined ? resolve(old, before) : undefined;
    if (previous !== undefined) queue.add(keyOf(previous));
    if (controller === undefined) {
      const labels = [old, pod].map((p) => JSON.stringify(p.metadata?.labels ?? {}));
      if (moved || labels[0] !== labels[1]) wakeSelectors(pod);
      return;
    }
    const set = resolve(pod, controller);
    if (set === undefined) return;
    queue.add(keyOf(set));
    const { minReadySeconds } = kind.spec(set);
    if (minReadySeconds > 0 && !isPodReady(old) && isPodReady(pod)) {
      queue.addAfter(keyOf(set), minReadySeconds * 1000);
    }
  }

  function podGone(pod: Pod): void {
    const controller = controllerOf(pod);
    const set = controller === undefined ? undefined : resolve(pod, controller);
    if (set === undefined) return;
    expectations.deletionObserved(keyOf(set), keyOf(pod));
    queue.add(keyOf(set));
  }

  function resolve(pod: Pod, reference: OwnerReference): T | undefined {
    if (reference.kind !== resource.kind) return undefined;
    const set = sets.store.get(pod.metadata?.namespace, reference.name);
    return set?.metadata?.uid === reference.uid ? set : undefined;
  }

  /** An orphan appeared: whoever selects it may adopt it. */
  function wakeSelectors(pod: Pod): void {
    for (const set of sets.store.list(pod.metadata?.namespace ?? '')) {
      if (kind.selector(set).matches(pod.metadata?.labels ?? {})) queue.add(keyOf(set));
    }
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const set = sets.store.byKey(key);
    if (set === undefined) {
      expectations.delete(key);
      return undefined;
    }
    const ready = expectations.satisfied(key);
    const selector = kind.selector(set);
    const all = ownedOrOrphaned(pods, set);
    const active = await claim({
      client,
      owner: set,
      ownerResource: resource,
      resource: podResource,
      selector,
      candidates: all.filter(isPodActive),
      signal,
    });
    let failure: unknown;
    if (ready && set.metadata?.deletionTimestamp === undefined) {
      failure = await manage(set, key, active, signal);
    }
    const uid = set.metadata?.uid;
    const terminating = all.filter(
      (p) =>
        isPodTerminating(p) &&
        controllerOf(p)?.uid === uid &&
        selector.matches(p.metadata?.labels ?? {}),
    ).length;
    const nowMs = clock.now();
    const status = replicaStatus({
      spec: kind.spec(set),
      status: set.status ?? { replicas: 0 },
      generation: set.metadata?.generation ?? 0,
      active,
      terminating: kind.reportsTerminating ? terminating : undefined,
      failure: failure === undefined ? undefined : messageOf(failure),
      nowMs,
    });
    await writeStatus(set, status, signal);
    if (failure !== undefined) throw failure;
    const again = availabilityCheckMs(kind.spec(set), status, active, nowMs);
    return again === undefined ? undefined : { requeueAfterMs: again };
  }

  /** Creates or deletes; returns the first failure. */
  async function manage(
    set: T,
    key: string,
    active: readonly Pod[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const spec = kind.spec(set);
    const action = planReplicas(spec, active, () => siblingsPods(set), clock.now());
    if (action.type === 'create') {
      expectations.expectCreations(key, action.count);
      const reference = newControllerRef(set, resource.apiVersion, resource.kind);
      const pod = podFromTemplate(spec.template, set, reference);
      const { succeeded, error } = await slowStart(action.count, async () => {
        try {
          await control.create(pod, set, signal);
        } catch (e) {
          if (!isNamespaceTerminating(e)) throw e;
        }
      });
      for (let i = succeeded; i < action.count; i++) expectations.creationObserved(key);
      return error;
    }
    if (action.type === 'none') return undefined;
    expectations.expectDeletions(key, action.pods.map(keyOf));
    const results = await Promise.all(
      action.pods.map(async (pod) => {
        try {
          await control.delete(pod, set, signal);
          return undefined;
        } catch (e) {
          expectations.deletionObserved(key, keyOf(pod));
          return hasReason(e, 'NotFound') ? undefined : e;
        }
      }),
    );
    return results.find((e) => e !== undefined);
  }

  /** Active pods of all sets with the same controller (the old and new sets of a deployment). */
  function siblingsPods(set: T): Pod[] {
    const controller = controllerOf(set);
    const siblings = controller === undefined ? [set] : ownedByUid(sets, controller.uid);
    return siblings.flatMap((s) => ownedByUid(pods, s.metadata?.uid ?? '').filter(isPodActive));
  }

  async function writeStatus(set: T, status: ReplicaStatus, signal: AbortSignal): Promise<void> {
    if (sameStatus(set.status ?? { replicas: 0 }, status)) return;
    const options = { subresource: 'status', signal } as const;
    try {
      await client.update(resource, { ...set, status }, options);
    } catch (e) {
      if (!hasReason(e, 'Conflict')) throw e;
      const { namespace, name = '' } = set.metadata ?? {};
      const fresh = await client.get(resource, { namespace, name }, { signal });
      if (fresh.metadata?.uid !== set.metadata?.uid) return;
      await client.update(resource, { ...fresh, status }, options);
    }
  }
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
