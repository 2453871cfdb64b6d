/** A deployment's status: numbers from its replica sets, conditions about availability and progress. */
import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../machinery/schema/wire.ts';
import { findCondition, withoutCondition } from '../conditions.ts';
import { maxUnavailable, progressDeadline, replicasOf } from './limits.ts';
import { total, totalSpec } from './replica-sets.ts';
import { allOf, type Sets } from './sizing.ts';

export type DeploymentCondition = NonNullable<DeploymentStatus['conditions']>[number];

const available = 'NewReplicaSetAvailable';
const timedOut = 'ProgressDeadlineExceeded';

/** A condition that changes now. */
export function condition(
  type: 'Available' | 'Progressing' | 'ReplicaFailure',
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  nowMs: number,
): DeploymentCondition {
  const now = formatTime(nowMs);
  return { type, status, reason, message, lastUpdateTime: now, lastTransitionTime: now };
}

/** Sets a condition unless status and reason are as they were; keeps the time of the status. */
export function setCondition(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): DeploymentCondition[] {
  const current = findCondition(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...conditions];
  const { lastTransitionTime } = current?.status === next.status ? current : next;
  return [
    ...withoutCondition(conditions, next.type),
    { ...next, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) },
  ];
}

/** The numbers and the Available condition; the other conditions as they are. */
export function baseStatus(deployment: Deployment, sets: Sets, nowMs: number): DeploymentStatus {
  const all = allOf(sets);
  const availableReplicas = total(all, 'availableReplicas');
  const terminating = terminatingOf(all);
  const numbers = {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: total(all, 'replicas'),
    updatedReplicas: sets.fresh?.status?.replicas ?? 0,
    readyReplicas: total(all, 'readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, totalSpec(all) - availableReplicas),
  };
  const enough = availableReplicas >= replicasOf(deployment) - maxUnavailable(deployment);
  const next = enough
    ? condition(
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
        nowMs,
      )
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        nowMs,
      );
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  return {
    // Zeros are left out, as the API does.
    ...Object.fromEntries(Object.entries(numbers).filter(([, n]) => n !== 0)),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: setCondition(conditions, next),
  };
}

/** Undefined while a set that was looked at does not say. */
function terminatingOf(sets: readonly ReplicaSet[]): number | undefined {
  let sum = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) sum += status.terminatingReplicas;
    else if ((status?.observedGeneration ?? 0) !== 0) return undefined;
  }
  return sum;
}

/** All pods are of the present template and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

/** The status during a rollout: with progress judged and failures of the sets taken over. */
export function rolloutStatus(deployment: Deployment, sets: Sets, nowMs: number): DeploymentStatus {
  const status = baseStatus(deployment, sets, nowMs);
  let conditions = status.conditions ?? [];
  const current = findCondition(deployment.status?.conditions, 'Progressing');
  const settled = status.replicas === status.updatedReplicas && current?.reason === available;
  if (progressDeadline(deployment) === undefined) {
    conditions = withoutCondition(conditions, 'Progressing');
  } else if (!settled) {
    conditions = withProgress(deployment, sets, status, conditions, nowMs);
  }
  const failure = failureOf(sets);
  conditions =
    failure === undefined
      ? withoutCondition(conditions, 'ReplicaFailure')
      : setCondition(conditions, failure);
  return { ...status, conditions };
}

function withProgress(
  deployment: Deployment,
  sets: Sets,
  status: DeploymentStatus,
  conditions: DeploymentCondition[],
  nowMs: number,
): DeploymentCondition[] {
  const what =
    sets.fresh === undefined
      ? `Deployment "${deployment.metadata?.name}"`
      : `ReplicaSet "${sets.fresh.metadata?.name}"`;
  if (isComplete(deployment, status)) {
    const text = `${what} has successfully progressed.`;
    return setCondition(conditions, condition('Progressing', 'True', available, text, nowMs));
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const next = condition(
      'Progressing',
      'True',
      'ReplicaSetUpdated',
      `${what} is progressing.`,
      nowMs,
    );
    const current = findCondition(conditions, 'Progressing');
    // Replaced even when the reason stays: lastUpdateTime is what the deadline counts from.
    if (current?.status === 'True' && current.lastTransitionTime !== undefined) {
      next.lastTransitionTime = current.lastTransitionTime;
    }
    return [...withoutCondition(conditions, 'Progressing'), next];
  }
  if (isTimedOut(deployment, conditions, nowMs)) {
    const text = `${what} has timed out progressing.`;
    return setCondition(conditions, condition('Progressing', 'False', timedOut, text, nowMs));
  }
  return conditions;
}

function hasProgressed(old: DeploymentStatus, next: DeploymentStatus): boolean {
  const stale = (s: DeploymentStatus): number => (s.replicas ?? 0) - (s.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    stale(next) < stale(old) ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function isTimedOut(
  deployment: Deployment,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): boolean {
  const current = findCondition(conditions, 'Progressing');
  const deadline = progressDeadline(deployment);
  if (current === undefined || deadline === undefined || current.reason === available) return false;
  if (current.reason === timedOut) return true;
  return lastUpdateMs(current) + deadline * 1000 < nowMs;
}

function lastUpdateMs(c: DeploymentCondition): number {
  return c.lastUpdateTime === undefined ? 0 : parseTime(c.lastUpdateTime);
}

/** A failure to create or delete pods, of the new set before any other. */
function failureOf(sets: Sets): DeploymentCondition | undefined {
  for (const set of [sets.fresh, ...sets.olds]) {
    const failure = findCondition(set?.status?.conditions, 'ReplicaFailure');
    if (failure === undefined) continue;
    const { type, status, lastTransitionTime, reason, message } = failure;
    return {
      type,
      status,
      ...(lastTransitionTime === undefined
        ? {}
        : { lastTransitionTime, lastUpdateTime: lastTransitionTime }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  }
  return undefined;
}

/** When to look again whether a rollout has timed out; undefined when it cannot. */
export function progressCheckMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const current = findCondition(status.conditions, 'Progressing');
  const deadline = progressDeadline(deployment);
  if (deadline === undefined || current === undefined) return undefined;
  if (isComplete(deployment, status) || current.reason === timedOut) return undefined;
  // A second more: times in conditions are whole seconds.
  return Math.max(0, lastUpdateMs(current) + deadline * 1000 - nowMs) + 1000;
}
