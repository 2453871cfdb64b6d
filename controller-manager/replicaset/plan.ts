/** Replica counting: what a ReplicaSet (or ReplicationController) needs next and its status. */
import { selectorOfLabels } from '../../machinery/meta/labels.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Pod, PodTemplateSpec, ReplicaSet } from '../../machinery/schema/wire.ts';
import { findCondition, withCondition, withoutCondition } from '../conditions.ts';
import { podsToDelete } from '../pods/pod-ranking.ts';
import { isPodAvailable, isPodReady, nextAvailabilityMs } from '../pods/pod-state.ts';

/** What both kinds have in common, with defaults applied. */
export interface ReplicaSpec {
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly template: PodTemplateSpec;
}

export type ReplicaStatus = NonNullable<ReplicaSet['status']>;

export type ReplicaAction =
  | { readonly type: 'create'; readonly count: number }
  | { readonly type: 'delete'; readonly pods: readonly Pod[] }
  | { readonly type: 'none' };

/** Pods created or deleted at a time; the rest follows when the cache shows these (as upstream). */
export const burstReplicas = 500;

/** What to do about the number of pods; `related` is for podsToDelete and asked for only then. */
export function planReplicas(
  spec: ReplicaSpec,
  active: readonly Pod[],
  related: () => readonly Pod[],
  nowMs: number,
): ReplicaAction {
  const missing = spec.replicas - active.length;
  if (missing > 0) return { type: 'create', count: Math.min(missing, burstReplicas) };
  if (missing === 0) return { type: 'none' };
  const count = Math.min(-missing, burstReplicas);
  return { type: 'delete', pods: podsToDelete(active, related(), count, nowMs) };
}

export interface StatusInput {
  readonly spec: ReplicaSpec;
  readonly status: ReplicaStatus;
  readonly generation: number;
  readonly active: readonly Pod[];
  /** Undefined for the kind that does not report them. */
  readonly terminating: number | undefined;
  /** Why pods could not be created or deleted. */
  readonly failure: string | undefined;
  readonly nowMs: number;
}

/** The status after a look at the pods. */
export function replicaStatus(input: StatusInput): ReplicaStatus {
  const { spec, status, active, nowMs } = input;
  const template = selectorOfLabels(spec.template.metadata?.labels ?? {});
  const ready = active.filter(isPodReady);
  const available = ready.filter((p) => isPodAvailable(p, spec.minReadySeconds, nowMs));
  let conditions = status.conditions;
  const failed = findCondition(conditions, 'ReplicaFailure') !== undefined;
  if (input.failure !== undefined && !failed) {
    conditions = withCondition(conditions, {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: formatTime(nowMs),
      reason: active.length < spec.replicas ? 'FailedCreate' : 'FailedDelete',
      message: input.failure,
    });
  } else if (input.failure === undefined && failed) {
    conditions = withoutCondition(conditions, 'ReplicaFailure');
  }
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((p) => template.matches(p.metadata?.labels ?? {})).length,
    readyReplicas: ready.length,
    availableReplicas: available.length,
    ...(input.terminating === undefined ? {} : { terminatingReplicas: input.terminating }),
    observedGeneration: input.generation,
    ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }),
  };
}

/** True when writing `next` would change nothing; zero and absent numbers are the same. */
export function sameStatus(old: ReplicaStatus, next: ReplicaStatus): boolean {
  return (
    (old.replicas ?? 0) === next.replicas &&
    (old.fullyLabeledReplicas ?? 0) === next.fullyLabeledReplicas &&
    (old.readyReplicas ?? 0) === next.readyReplicas &&
    (old.availableReplicas ?? 0) === next.availableReplicas &&
    old.terminatingReplicas === next.terminatingReplicas &&
    (old.observedGeneration ?? 0) === next.observedGeneration &&
    JSON.stringify(old.conditions ?? []) === JSON.stringify(next.conditions ?? [])
  );
}

/** When to look again because a ready pod becomes available by time alone. */
export function availabilityCheckMs(
  spec: ReplicaSpec,
  status: ReplicaStatus,
  active: readonly Pod[],
  nowMs: number,
): number | undefined {
  if (spec.minReadySeconds <= 0 || status.readyReplicas === status.availableReplicas) {
    return undefined;
  }
  return nextAvailabilityMs(active, spec.minReadySeconds, nowMs) ?? spec.minReadySeconds * 1000;
}
