/**
 * What a stateful set does next. Ordered sets take one step at a time: pods come up one after the
 * other, each when those before it are available, and go down from the highest. Parallel sets do
 * not wait. Updates replace pods from the highest ordinal down to the partition.
 */
import type { Pod, PodTemplateSpec, StatefulSet } from '../../machinery/schema/wire.ts';
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts';
import {
  hasIdentity,
  hasStorage,
  isWanted,
  newPod,
  ordinalOf,
  replicasOf,
  revisionOf,
  startOrdinal,
} from './identity.ts';

export type StatefulSetStatus = NonNullable<StatefulSet['status']>;

/** A template and the name of its revision. */
export interface Revision {
  readonly name: string;
  readonly template: PodTemplateSpec;
}

export interface SetView {
  readonly set: StatefulSet;
  /** What pods were before the update that is going on, and what they are to become. */
  readonly current: Revision;
  readonly update: Revision;
  readonly pods: readonly Pod[];
  /** A claim of the pod is about to go away with an earlier pod. */
  readonly claimsBlock: (pod: Pod) => boolean;
  /** Owners of the pod's claims are not what the retention policy asks for. */
  readonly claimsDiffer: (pod: Pod) => boolean;
  readonly nowMs: number;
}

/** Steps are done in order; the first failure ends an ordered set's round. */
export type Step =
  | { readonly type: 'create'; readonly pod: Pod }
  | { readonly type: 'delete'; readonly pod: Pod }
  /** Brings labels, volumes and claims of a pod in order. */
  | { readonly type: 'repair'; readonly pod: Pod }
  /** Creates missing claims of a pod that waits for them. */
  | { readonly type: 'claims'; readonly pod: Pod };

export interface SetPlan {
  readonly steps: readonly Step[];
  readonly status: StatefulSetStatus;
}

function isCreated(pod: Pod): boolean {
  return (pod.status?.phase ?? '') !== '';
}

function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

/** Steps and status; `collisions` is kept in the status. */
export function planSet(view: SetView, collisions: number): SetPlan {
  const { set } = view;
  const { steps, updates } =
    set.metadata?.deletionTimestamp === undefined ? stepsOf(view) : { steps: [], updates: 0 };
  return { steps, status: statusOf(view, collisions, updates) };
}

function stepsOf(view: SetView): { steps: Step[]; updates: number } {
  const { set, nowMs } = view;
  const minReady = set.spec?.minReadySeconds ?? 0;
  const ordered = set.spec?.podManagementPolicy !== 'Parallel';
  const unavailable = (pod: Pod): boolean =>
    !isPodAvailable(pod, minReady, nowMs) || isTerminating(pod);
  const replicas = replicasWithNew(view);
  const condemned = view.pods
    .filter((p) => ordinalOf(p) !== undefined && !isWanted(set, p))
    .toSorted((a, b) => ordinalOf(b)! - ordinalOf(a)!);
  const firstUnavailable = replicas.find(unavailable) ?? condemned.toReversed().find(unavailable);

  const steps: Step[] = [];
  for (const pod of replicas) {
    const { step, settled } = replicaStep(view, pod, ordered, unavailable);
    if (step !== undefined) steps.push(step);
    if (ordered && !settled) return { steps, updates: 0 };
  }
  for (const pod of condemned) {
    if (view.claimsDiffer(pod)) steps.push({ type: 'claims', pod });
  }
  for (const pod of condemned) {
    if (isTerminating(pod)) {
      if (ordered) return { steps, updates: 0 };
      continue;
    }
    const waits = !isRunningAndReady(pod) || !isPodAvailable(pod, minReady, nowMs);
    // What does not work anyway may go first; for anything else that does not, one waits.
    if (ordered && waits && pod !== firstUnavailable) return { steps, updates: 0 };
    steps.push({ type: 'delete', pod });
    if (ordered) return { steps, updates: 0 };
  }
  const outdated = nextToUpdate(view, replicas, unavailable);
  if (outdated === undefined) return { steps, updates: 0 };
  steps.push({ type: 'delete', pod: outdated });
  return { steps, updates: 1 };
}

/** By ordinal; where there is none, the pod to create. */
function replicasWithNew(view: SetView): Pod[] {
  const { set, current, update } = view;
  const start = startOrdinal(set);
  const byOrdinal = new Map(view.pods.map((p) => [ordinalOf(p), p]));
  return Array.from({ length: replicasOf(set) }, (_, i) => {
    const there = byOrdinal.get(start + i);
    if (there !== undefined) return there;
    const revision = isBeforeUpdate(set, i) ? current : update;
    return newPod(set, revision.template, start + i, revision.name);
  });
}

/** The ordinal keeps the old revision: below the partition, or not reached by the update. */
function isBeforeUpdate(set: StatefulSet, index: number): boolean {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (rollingUpdate !== undefined) return index < (rollingUpdate.partition ?? 0);
  return type === 'RollingUpdate' && index < (set.status?.currentReplicas ?? 0);
}

function replicaStep(
  view: SetView,
  pod: Pod,
  ordered: boolean,
  unavailable: (pod: Pod) => boolean,
): { step?: Step; settled: boolean } {
  const { set } = view;
  const { phase } = pod.status ?? {};
  if (phase === 'Failed' || phase === 'Succeeded') {
    return isTerminating(pod)
      ? { settled: false }
      : { step: { type: 'delete', pod }, settled: false };
  }
  if (!isCreated(pod)) {
    if (view.claimsBlock(pod)) return { settled: false };
    return { step: { type: 'create', pod }, settled: false };
  }
  const waits = isTerminating(pod) || !isRunningAndReady(pod) || unavailable(pod);
  if (ordered && waits) {
    return phase === 'Pending'
      ? { step: { type: 'claims', pod }, settled: false }
      : { settled: false };
  }
  if (!hasIdentity(pod) || !hasStorage(set, pod) || view.claimsDiffer(pod)) {
    return { step: { type: 'repair', pod }, settled: true };
  }
  return phase === 'Pending' ? { step: { type: 'claims', pod }, settled: true } : { settled: true };
}

/** The highest pod that is not of the new revision, once those above it are available. */
function nextToUpdate(
  view: SetView,
  replicas: readonly Pod[],
  unavailable: (pod: Pod) => boolean,
): Pod | undefined {
  const { type, rollingUpdate } = view.set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return undefined;
  const lowest = rollingUpdate?.partition ?? 0;
  for (let i = replicas.length - 1; i >= lowest; i--) {
    const pod = replicas[i]!;
    if (revisionOf(pod) !== view.update.name && !isTerminating(pod)) return pod;
    if (unavailable(pod)) return undefined;
  }
  return undefined;
}

function statusOf(view: SetView, collisions: number, updates: number): StatefulSetStatus {
  const { set, current, update, nowMs } = view;
  const minReady = set.spec?.minReadySeconds ?? 0;
  const created = view.pods.filter(isCreated);
  const staying = created.filter((p) => !isTerminating(p));
  const ready = view.pods.filter(isRunningAndReady);
  const ofRevision = (name: string): number => staying.filter((p) => revisionOf(p) === name).length;
  const numbers = {
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((p) => isPodAvailable(p, minReady, nowMs)).length,
    currentReplicas: ofRevision(current.name) - updates,
    updatedReplicas: ofRevision(update.name),
  };
  const wanted = replicasOf(set);
  const complete =
    (set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate' &&
    numbers.updatedReplicas === wanted &&
    numbers.readyReplicas === wanted &&
    numbers.replicas === wanted;
  const { conditions } = set.status ?? {};
  return {
    observedGeneration: set.metadata?.generation ?? 0,
    ...numbers,
    ...(complete ? { currentReplicas: numbers.updatedReplicas } : {}),
    currentRevision: complete ? update.name : current.name,
    updateRevision: update.name,
    collisionCount: collisions,
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** True when writing `next` would change nothing that counts. */
export function isSameStatus(old: StatefulSetStatus | undefined, next: StatefulSetStatus): boolean {
  const numbers = [
    'replicas',
    'readyReplicas',
    'availableReplicas',
    'currentReplicas',
    'updatedReplicas',
  ] as const;
  return (
    (next.observedGeneration ?? 0) <= (old?.observedGeneration ?? 0) &&
    numbers.every((n) => (old?.[n] ?? 0) === (next[n] ?? 0)) &&
    old?.currentRevision === next.currentRevision &&
    old?.updateRevision === next.updateRevision
  );
}
