/** The StatefulSet controller: pods with identities and claims that stay theirs. */
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { OwnWrites } from '../../client/own-writes.ts';
import {
  controllerRevisions,
  persistentVolumeClaims,
  pods as podResource,
  statefulSets,
} from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import { controllerOf } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type {
  ControllerRevision,
  OwnerReference,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
} from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { History } from '../history/history.ts';
import { hashLabel, outdatedRevisions, templateOf } from '../history/revisions.ts';
import { claim } from '../pods/claim.ts';
import { indexByController, ownedOrOrphaned } from '../pods/owner-index.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { isPodReady, nextAvailabilityMs } from '../pods/pod-state.ts';
import { slowStart } from '../pods/slow-start.ts';
import { blocksCreation, claimsOf, isControlledElsewhere, withOwners } from './claims.ts';
import {
  isMember,
  isWanted,
  ordinalOf,
  revisionOf,
  withIdentity,
  withStorage,
} from './identity.ts';
import { isSameStatus, planSet, type Revision, type Step } from './plan.ts';

const lagMs = 100;
const historyDefault = 10;

export const statefulSetController = defineController({
  name: 'statefulset-controller',
  aliases: ['statefulset'],
  serviceAccount: 'statefulset-controller',
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('statefulset-controller');
  const sets = context.informer(statefulSets);
  const pods = context.informer(podResource);
  const claims = context.informer(persistentVolumeClaims);
  const revisions = context.informer(controllerRevisions);
  indexByController(pods);
  const history = new History(client, revisions);
  const podWrites = new OwnWrites(pods);
  const setWrites = new OwnWrites(sets);
  const claimWrites = new OwnWrites(claims);
  const work = new SetWork(client, recorder, claims, podWrites, claimWrites);
  const queue = context.queue({ workers: context.options.concurrentStatefulSetSyncs, reconcile });

  const wake = (set: StatefulSet): void => queue.add(keyOf(set));
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
        queue.addAfter(keyOf(set), minReady * 1000);
      }
    },
    deleted: podChanged,
  });

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

  function ownerOf(pod: Pod): StatefulSet | undefined {
    const controller = controllerOf(pod);
    return controller === undefined ? undefined : resolve(pod, controller);
  }

  function resolve(pod: Pod, reference: OwnerReference): StatefulSet | undefined {
    if (reference.kind !== 'StatefulSet') return undefined;
    const set = sets.store.get(pod.metadata?.namespace, reference.name);
    return set?.metadata?.uid === reference.uid ? set : undefined;
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const set = sets.store.byKey(key);
    const trackers = [history, podWrites, setWrites, claimWrites];
    if (set === undefined) {
      for (const tracker of trackers) tracker.forget(key);
      return undefined;
    }
    if (!trackers.every((t) => t.isCurrent(key))) return { requeueAfterMs: lagMs };
    const selector = selectorOf(set.spec?.selector);
    const known = await history.list(set, statefulSets, selector, signal);
    const own = await claim({
      client,
      owner: set,
      ownerResource: statefulSets,
      resource: podResource,
      selector,
      candidates: ownedOrOrphaned(pods, set),
      filter: (pod) => isMember(set, pod),
      signal,
    });
    const parent = {
      object: set,
      apiVersion: statefulSets.apiVersion,
      kind: statefulSets.kind,
      template: set.spec?.template ?? {},
      hashLabel,
    };
    const before = set.status?.collisionCount ?? 0;
    const { revision, collisions } = await history.update(key, parent, known, before, signal);
    const current = known.find((r) => r.metadata?.name === set.status?.currentRevision);
    const view = {
      set,
      current: asRevision(current ?? revision),
      update: asRevision(revision),
      pods: own,
      claimsBlock: (pod: Pod) => blocksCreation(set, pod, work.presentClaims(set, pod)),
      claimsDiffer: (pod: Pod) => work.claimsDiffer(set, pod),
      nowMs: clock.now(),
    };
    const plan = planSet(view, collisions);
    const failure = await work.carryOut(key, set, plan.steps, signal);
    if (!isSameStatus(set.status, plan.status)) {
      const next = { ...set, status: plan.status };
      const options = { subresource: 'status', signal } as const;
      setWrites.wrote(key, await client.update(statefulSets, next, options));
    }
    if (failure !== undefined) throw failure;
    const live = new Set([view.current.name, view.update.name, ...own.map(revisionOf)]);
    const limit = set.spec?.revisionHistoryLimit ?? historyDefault;
    await history.remove(key, outdatedRevisions(known, live, limit), signal);
    const { readyReplicas = 0, availableReplicas = 0 } = plan.status;
    const minReady = set.spec?.minReadySeconds ?? 0;
    if (minReady === 0 || readyReplicas === availableReplicas) return undefined;
    return { requeueAfterMs: nextAvailabilityMs(own, minReady, view.nowMs) ?? minReady * 1000 };
  }
}

function asRevision(revision: ControllerRevision): Revision {
  return { name: revision.metadata?.name ?? '', template: templateOf(revision) };
}

/** The writes of one set's round. */
class SetWork {
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly claims: Informer<PersistentVolumeClaim>;
  private readonly podWrites: OwnWrites<Pod>;
  private readonly claimWrites: OwnWrites<PersistentVolumeClaim>;

  constructor(
    client: Client,
    recorder: EventRecorder,
    claims: Informer<PersistentVolumeClaim>,
    podWrites: OwnWrites<Pod>,
    claimWrites: OwnWrites<PersistentVolumeClaim>,
  ) {
    this.client = client;
    this.recorder = recorder;
    this.claims = claims;
    this.podWrites = podWrites;
    this.claimWrites = claimWrites;
  }

  /** The pod's claims that exist. */
  presentClaims(set: StatefulSet, pod: Pod): PersistentVolumeClaim[] {
    return claimsOf(set, ordinalOf(pod) ?? 0)
      .map((c) => this.claims.store.byKey(keyOf(c)))
      .filter((c) => c !== undefined);
  }

  claimsDiffer(set: StatefulSet, pod: Pod): boolean {
    const down = !isWanted(set, pod);
    return this.presentClaims(set, pod).some((c) => withOwners(c, set, pod, down) !== c);
  }

  /** Does the steps; returns the first failure. */
  async carryOut(
    key: string,
    set: StatefulSet,
    steps: readonly Step[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const one = (step: Step): Promise<void> => this.step(key, set, step, signal);
    if (set.spec?.podManagementPolicy === 'Parallel') {
      return (await slowStart(steps.length, (i) => one(steps[i]!))).error;
    }
    for (const step of steps) {
      try {
        await one(step);
      } catch (e) {
        return e;
      }
    }
    return undefined;
  }

  private async step(
    key: string,
    set: StatefulSet,
    { type, pod }: Step,
    signal: AbortSignal,
  ): Promise<void> {
    if (type === 'create') await this.create(key, set, pod, signal);
    else if (type === 'delete') await this.remove(key, set, pod, signal);
    else if (type === 'repair') await this.repair(key, set, pod, signal);
    else {
      if (isWanted(set, pod)) await this.createClaims(key, set, pod, signal);
      await this.ownClaims(key, set, pod, signal);
    }
  }

  private async create(
    key: string,
    set: StatefulSet,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.createClaims(key, set, pod, signal);
      this.podWrites.wrote(key, await this.client.create(podResource, pod, { signal }));
    } catch (e) {
      if (isNamespaceTerminating(e)) return;
      if (!hasReason(e, 'AlreadyExists')) this.record(set, pod, 'Create', e, signal);
      throw e;
    }
    this.record(set, pod, 'Create', undefined, signal);
  }

  private async remove(
    key: string,
    set: StatefulSet,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name = '' } = pod.metadata ?? {};
    try {
      await this.client.delete(podResource, { namespace, name }, { signal });
      this.podWrites.deleted(key, pod);
    } catch (e) {
      if (!hasReason(e, 'NotFound')) {
        this.record(set, pod, 'Delete', e, signal);
        throw e;
      }
    }
    this.record(set, pod, 'Delete', undefined, signal);
  }

  private async repair(
    key: string,
    set: StatefulSet,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.createClaims(key, set, pod, signal);
      await this.ownClaims(key, set, pod, signal);
      const next = withStorage(set, withIdentity(pod));
      this.podWrites.wrote(key, await this.client.update(podResource, next, { signal }));
    } catch (e) {
      this.record(set, pod, 'Update', e, signal);
      throw e;
    }
    this.record(set, pod, 'Update', undefined, signal);
  }

  private async createClaims(
    key: string,
    set: StatefulSet,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<void> {
    for (const wanted of claimsOf(set, ordinalOf(pod) ?? 0)) {
      const name = wanted.metadata?.name;
      const there = this.claims.store.byKey(keyOf(wanted));
      if (there !== undefined) {
        if (there.metadata?.deletionTimestamp === undefined) continue;
        throw new Error(`pvc ${name} is being deleted`);
      }
      const what = `Create Claim ${name} Pod ${pod.metadata?.name} in StatefulSet`;
      const setName = set.metadata?.name;
      try {
        const made = await this.client.create(persistentVolumeClaims, wanted, { signal });
        this.claimWrites.wrote(key, made);
        this.recorder.event(set, 'Normal', 'SuccessfulCreate', `${what} ${setName} success`);
      } catch (e) {
        if (hasReason(e, 'AlreadyExists')) continue;
        const why = e instanceof Error ? e.message : String(e);
        const text = `${what.replace('Pod', 'for Pod')} ${setName} failed error: ${why}`;
        this.recorder.event(set, 'Warning', 'FailedCreate', text);
        throw e;
      }
    }
  }

  private async ownClaims(
    key: string,
    set: StatefulSet,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<void> {
    for (const present of this.presentClaims(set, pod)) {
      if (isControlledElsewhere(present, set, pod)) {
        const text =
          `PersistentVolumeClaim ${present.metadata?.name} has a conflicting OwnerReference that ` +
          'acts as a manging controller, the retention policy is ignored for this claim';
        this.recorder.event(set, 'Warning', 'ConflictingController', text);
      }
      const next = withOwners(present, set, pod, !isWanted(set, pod));
      if (next === present) continue;
      const written = await this.client.update(persistentVolumeClaims, next, { signal });
      this.claimWrites.wrote(key, written);
    }
  }

  private record(
    set: StatefulSet,
    pod: Pod,
    verb: 'Create' | 'Delete' | 'Update',
    error: unknown,
    signal: AbortSignal,
  ): void {
    const what = `${verb} Pod ${pod.metadata?.name} in StatefulSet ${set.metadata?.name}`;
    if (error === undefined) {
      this.recorder.event(set, 'Normal', `Successful${verb}`, `${what} successful`);
    } else if (!signal.aborted) {
      const why = error instanceof Error ? error.message : String(error);
      this.recorder.event(set, 'Warning', `Failed${verb}`, `${what} failed error: ${why}`);
    }
  }
}
