/** What a deployment needs next: one pure step from the objects seen to the writes to do. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { historyLimit, isRolling, progressDeadline } from './limits.ts';
import {
  byRevision,
  described,
  findNewSet,
  newSet,
  revisionAnnotation,
  setReplicas,
  total,
} from './replica-sets.ts';
import {
  allOf,
  emptied,
  filled,
  freshSize,
  isResized,
  rescale,
  roll,
  type Sets,
} from './sizing.ts';
import {
  baseStatus,
  condition,
  isComplete,
  progressCheckMs,
  rolloutStatus,
  setCondition,
} from './status.ts';

export interface DeploymentPlan {
  /** A set to create; then the other writes are for the next time, when it exists. */
  readonly create: ReplicaSet | undefined;
  /** Sets with their new contents, in the order of writing. */
  readonly update: readonly ReplicaSet[];
  readonly remove: readonly ReplicaSet[];
  /** What the status is to be, if all of this succeeds. */
  readonly status: DeploymentStatus;
  /** The revision that the deployment's annotation is to show; undefined: leave it. */
  readonly revision: string | undefined;
  readonly requeueAfterMs: number | undefined;
}

/** `sets` are the deployment's own, `podsOf` gives the pods of one of them. */
export function planDeployment(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  podsOf: (set: ReplicaSet) => readonly Pod[],
  nowMs: number,
): DeploymentPlan {
  const fresh = findNewSet(deployment, sets);
  const seen: Sets = { fresh, olds: sets.filter((s) => s !== fresh) };
  if (deployment.metadata?.deletionTimestamp !== undefined) {
    return finish(deployment, seen, { sets: seen, status: baseStatus(deployment, seen, nowMs) });
  }
  const current: Deployment = { ...deployment, status: notedStatus(deployment, fresh, nowMs) };
  const now: Sets = {
    ...seen,
    fresh: fresh === undefined ? undefined : described(deployment, fresh, seen.olds),
  };
  if (current.spec?.paused === true || isResized(current, now)) {
    const next = rescale(current, now);
    const status = baseStatus(current, next, nowMs);
    const remove = current.spec?.paused === true ? outdated(current, seen.olds) : [];
    return finish(deployment, seen, { sets: next, status, remove });
  }
  return isRolling(current)
    ? rolling(deployment, current, seen, now, nowMs)
    : recreating(deployment, current, seen, now, podsOf, nowMs);
}

interface Outcome {
  readonly sets: Sets;
  readonly status: DeploymentStatus;
  readonly remove?: readonly ReplicaSet[];
  readonly create?: ReplicaSet;
  readonly requeueAfterMs?: number | undefined;
}

function rolling(
  deployment: Deployment,
  current: Deployment,
  seen: Sets,
  now: Sets,
  nowMs: number,
): DeploymentPlan {
  const { fresh } = now;
  if (fresh === undefined) return creating(deployment, current, seen, nowMs);
  const next = roll(current, { ...now, fresh });
  return rolledOut(deployment, current, seen, next, nowMs);
}

function recreating(
  deployment: Deployment,
  current: Deployment,
  seen: Sets,
  now: Sets,
  podsOf: (set: ReplicaSet) => readonly Pod[],
  nowMs: number,
): DeploymentPlan {
  const { fresh } = now;
  const running =
    now.olds.some((s) => setReplicas(s) > 0) ||
    total(now.olds, 'replicas') > 0 ||
    now.olds.some((s) => podsOf(s).some((p) => !isPodTerminal(p)));
  if (running) {
    const next = { ...now, olds: emptied(current, now.olds) };
    return rolledOut(deployment, current, seen, next, nowMs);
  }
  if (fresh === undefined) return creating(deployment, current, seen, nowMs);
  const next = { ...now, fresh: filled(current, fresh) };
  return rolledOut(deployment, current, seen, next, nowMs);
}

/** A rollout's step is done: judge its progress, clean up when it is complete. */
function rolledOut(
  deployment: Deployment,
  current: Deployment,
  seen: Sets,
  next: Sets,
  nowMs: number,
): DeploymentPlan {
  const status = rolloutStatus(current, next, nowMs);
  const complete = isComplete(current, current.status ?? {});
  return finish(deployment, seen, {
    sets: next,
    status,
    remove: complete ? outdated(current, seen.olds) : [],
    requeueAfterMs: progressCheckMs(current, status, nowMs),
  });
}

function creating(
  deployment: Deployment,
  current: Deployment,
  seen: Sets,
  nowMs: number,
): DeploymentPlan {
  const draft = newSet(current, seen.olds, 0);
  const size = freshSize(current, [...seen.olds, draft], 0);
  const create = newSet(current, seen.olds, size);
  const status = baseStatus(current, { ...seen, fresh: create }, nowMs);
  if (progressDeadline(current) !== undefined) {
    const text = `Created new replica set "${create.metadata?.name}"`;
    const made = condition('Progressing', 'True', 'NewReplicaSetCreated', text, nowMs);
    status.conditions = setCondition(status.conditions ?? [], made);
  }
  return finish(deployment, seen, {
    sets: { ...seen, fresh: create },
    status,
    create,
    requeueAfterMs: progressCheckMs(current, status, nowMs),
  });
}

/** Conditions that are due before anything else: pausing, resuming, a set found. */
function notedStatus(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  nowMs: number,
): DeploymentStatus {
  const status = deployment.status ?? {};
  if (progressDeadline(deployment) === undefined) return status;
  const conditions = status.conditions ?? [];
  const progressing = findCondition(conditions, 'Progressing');
  const noted = (state: 'Unknown' | 'True', reason: string, text: string): DeploymentStatus => ({
    ...status,
    conditions: setCondition(conditions, condition('Progressing', state, reason, text, nowMs)),
  });
  const paused = deployment.spec?.paused === true;
  const wasPaused = progressing?.reason === 'DeploymentPaused';
  if (progressing?.reason !== 'ProgressDeadlineExceeded') {
    if (paused && !wasPaused) return noted('Unknown', 'DeploymentPaused', 'Deployment is paused');
    if (!paused && wasPaused) return noted('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  }
  if (progressing === undefined && fresh !== undefined) {
    const text = `Found new replica set "${fresh.metadata?.name}"`;
    return noted('True', 'FoundNewReplicaSet', text);
  }
  return status;
}

/** Old sets beyond the history limit, of those that are empty and settled. */
function outdated(deployment: Deployment, olds: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = historyLimit(deployment);
  if (limit === undefined) return [];
  const alive = olds.filter((s) => s.metadata?.deletionTimestamp === undefined);
  return alive
    .toSorted(byRevision)
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      (s) =>
        setReplicas(s) === 0 &&
        (s.status?.replicas ?? 0) === 0 &&
        (s.metadata?.generation ?? 0) <= (s.status?.observedGeneration ?? 0),
    );
}

function finish(deployment: Deployment, seen: Sets, outcome: Outcome): DeploymentPlan {
  const before = new Set(allOf(seen));
  const { fresh } = outcome.sets;
  const shown = deployment.metadata?.annotations?.[revisionAnnotation];
  const revision = fresh?.metadata?.annotations?.[revisionAnnotation];
  return {
    create: outcome.create,
    update: [fresh, ...outcome.sets.olds].filter(
      (s): s is ReplicaSet => s !== undefined && s !== outcome.create && !before.has(s),
    ),
    remove: outcome.remove ?? [],
    status: outcome.status,
    revision: revision === shown ? undefined : revision,
    requeueAfterMs: outcome.requeueAfterMs,
  };
}

/** True when the plan writes nothing to the deployment itself. */
export function isStatusCurrent(deployment: Deployment, plan: DeploymentPlan): boolean {
  return plan.revision === undefined && deepEqual(deployment.status, plan.status);
}

/** The text of the scaling event; undefined when the size stays. */
export function scalingText(before: ReplicaSet | undefined, after: ReplicaSet): string | undefined {
  const from = before === undefined ? 0 : setReplicas(before);
  const to = setReplicas(after);
  if (from === to) return undefined;
  const direction = from < to ? 'up' : 'down';
  return `Scaled ${direction} replica set ${after.metadata?.name} from ${from} to ${to}`;
}

/** A deployment that selects everything is refused. */
export function selectsAll(deployment: Deployment): boolean {
  const { matchLabels, matchExpressions } = deployment.spec?.selector ?? {};
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}
