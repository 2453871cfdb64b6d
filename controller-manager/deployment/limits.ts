/** How far a deployment may stray from its size while it rolls. */
import type { Deployment } from '../../machinery/schema/wire.ts';
import { scaledValue } from '../int-or-percent.ts';

const unlimited = 2 ** 31 - 1;

export function replicasOf(deployment: Deployment): number {
  return deployment.spec?.replicas ?? 1;
}

export function isRolling(deployment: Deployment): boolean {
  return (deployment.spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
}

/** Pods beyond the size; 0 for Recreate. */
export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0;
}

/** Pods that may be missing; 0 for Recreate and for no replicas. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment) || replicas === 0) return 0;
  return Math.min(replicas, fenceposts(deployment).unavailable);
}

/** Both at once: where both come out as 0, one pod may be missing, or nothing could move. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const replicas = replicasOf(deployment);
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const surge = scaledValue(rolling?.maxSurge ?? 0, replicas, true);
  const unavailable = scaledValue(rolling?.maxUnavailable ?? 0, replicas, false);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** Seconds without progress after which a rollout counts as failed; undefined for never. */
export function progressDeadline(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds === unlimited ? undefined : seconds;
}

/** Old sets to keep; undefined for all. */
export function historyLimit(deployment: Deployment): number | undefined {
  const limit = deployment.spec?.revisionHistoryLimit;
  return limit === unlimited ? undefined : limit;
}
