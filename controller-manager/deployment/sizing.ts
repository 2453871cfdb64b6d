/**
 * The sizes of a deployment's replica sets: step by step while rolling, all down before all up
 * for Recreate, in proportion when the deployment is resized in the middle. Pure: sets in, sets
 * out; a set that stays as it is, is the same object.
 */
import type { Deployment, ReplicaSet } from '../../machinery/schema/wire.ts';
import { isRolling, maxSurge, maxUnavailable, replicasOf } from './limits.ts';
import {
  byCreation,
  desiredBefore,
  maxBefore,
  setReplicas,
  sized,
  total,
  totalSpec,
} from './replica-sets.ts';

/** Sets by role; `fresh` is the one of the present template. */
export interface Sets {
  readonly fresh: ReplicaSet | undefined;
  readonly olds: readonly ReplicaSet[];
}

export function allOf(sets: Sets): ReplicaSet[] {
  return sets.fresh === undefined ? [...sets.olds] : [...sets.olds, sets.fresh];
}

/** Only a changed size is a reason to write: annotations alone are not brought up to date. */
function resized(deployment: Deployment, set: ReplicaSet, replicas: number): ReplicaSet {
  return setReplicas(set) === replicas ? set : sized(deployment, set, replicas);
}

function replace(sets: readonly ReplicaSet[], changed: ReplicaSet): ReplicaSet[] {
  return sets.map((s) => (s.metadata?.name === changed.metadata?.name ? changed : s));
}

/** The size a new set may have now, given what else runs. */
export function freshSize(deployment: Deployment, all: readonly ReplicaSet[], now: number): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment)) return replicas;
  const room = replicas + maxSurge(deployment) - totalSpec(all);
  return room <= 0 ? now : now + Math.min(room, replicas - now);
}

/** One step of a rolling update: the new set up, or else the old ones down. */
export function roll(deployment: Deployment, sets: Sets & { fresh: ReplicaSet }): Sets {
  const replicas = replicasOf(deployment);
  const now = setReplicas(sets.fresh);
  const size = now > replicas ? replicas : freshSize(deployment, allOf(sets), now);
  if (now !== replicas && size !== now) {
    return { ...sets, fresh: sized(deployment, sets.fresh, size) };
  }
  return { ...sets, olds: shrinkOlds(deployment, sets) };
}

function shrinkOlds(
  deployment: Deployment,
  sets: Sets & { fresh: ReplicaSet },
): readonly ReplicaSet[] {
  if (totalSpec(sets.olds) === 0) return sets.olds;
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const available = sets.fresh.status?.availableReplicas ?? 0;
  // Pods of the new set that are not there yet must not be paid for by the old ones.
  const spare = totalSpec(allOf(sets)) - minAvailable - (setReplicas(sets.fresh) - available);
  if (spare <= 0) return sets.olds;
  const healthy = dropUnhealthy(deployment, sets.olds, spare);
  return dropAvailable(deployment, { ...sets, olds: healthy }, minAvailable);
}

/** First what does not work anyway. */
function dropUnhealthy(
  deployment: Deployment,
  olds: readonly ReplicaSet[],
  limit: number,
): readonly ReplicaSet[] {
  let result = olds;
  let left = limit;
  for (const set of olds.toSorted(byCreation)) {
    if (left <= 0) break;
    const broken = setReplicas(set) - (set.status?.availableReplicas ?? 0);
    if (setReplicas(set) === 0 || broken <= 0) continue;
    const count = Math.min(left, broken);
    result = replace(result, sized(deployment, set, setReplicas(set) - count));
    left -= count;
  }
  return result;
}

/** Then what the new set has already made up for. */
function dropAvailable(
  deployment: Deployment,
  sets: Sets,
  minAvailable: number,
): readonly ReplicaSet[] {
  let left = total(allOf(sets), 'availableReplicas') - minAvailable;
  let result = sets.olds;
  for (const set of sets.olds.toSorted(byCreation)) {
    if (left <= 0) break;
    const count = Math.min(setReplicas(set), left);
    if (count === 0) continue;
    result = replace(result, sized(deployment, set, setReplicas(set) - count));
    left -= count;
  }
  return result;
}

/** Recreate: all old sets to nothing. */
export function emptied(deployment: Deployment, olds: readonly ReplicaSet[]): ReplicaSet[] {
  return olds.map((set) => resized(deployment, set, 0));
}

/** Recreate: the new set to its full size. */
export function filled(deployment: Deployment, fresh: ReplicaSet): ReplicaSet {
  return resized(deployment, fresh, replicasOf(deployment));
}

/** True when the deployment's size changed since one of its active sets was last sized. */
export function isResized(deployment: Deployment, sets: Sets): boolean {
  return allOf(sets)
    .filter((s) => setReplicas(s) > 0)
    .some((s) => (desiredBefore(s) ?? replicasOf(deployment)) !== replicasOf(deployment));
}

/** Follows a change of the deployment's size without advancing the rollout. */
export function rescale(deployment: Deployment, sets: Sets): Sets {
  const replicas = replicasOf(deployment);
  const active = allOf(sets).filter((s) => setReplicas(s) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? sets.fresh ?? sets.olds.toSorted(byCreation).at(-1);
    // With its annotations, even if the size fits: they are what tells a change of size.
    return only === undefined ? sets : swapped(sets, sized(deployment, only, replicas));
  }
  if (isSaturated(deployment, sets.fresh)) {
    return { ...sets, olds: emptied(deployment, sets.olds) };
  }
  return isRolling(deployment) ? rescaleInProportion(deployment, sets, active) : sets;
}

function swapped(sets: Sets, changed: ReplicaSet): Sets {
  if (changed.metadata?.name === sets.fresh?.metadata?.name) return { ...sets, fresh: changed };
  return { ...sets, olds: replace(sets.olds, changed) };
}

/** The new set has all the pods, all of them available. */
function isSaturated(deployment: Deployment, fresh: ReplicaSet | undefined): boolean {
  if (fresh === undefined) return false;
  const replicas = replicasOf(deployment);
  return (
    setReplicas(fresh) === replicas &&
    desiredBefore(fresh) === replicas &&
    (fresh.status?.availableReplicas ?? 0) === replicas
  );
}

function rescaleInProportion(
  deployment: Deployment,
  sets: Sets,
  active: readonly ReplicaSet[],
): Sets {
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
  const toAdd = allowed - totalSpec(active);
  // Larger sets first; of one size the newer grow first and the older shrink first.
  const age = toAdd > 0 ? -1 : 1;
  const ordered = active.toSorted(
    (a, b) => setReplicas(b) - setReplicas(a) || age * byCreation(a, b),
  );
  let added = 0;
  const sizes = ordered.map((set) => {
    if (toAdd === 0 || added === toAdd) return setReplicas(set);
    const share = shareOf(deployment, set);
    const left = toAdd - added;
    const change = toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
    added += change;
    return setReplicas(set) + change;
  });
  if (toAdd !== 0) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
  return ordered.reduce((s, set, i) => swapped(s, sized(deployment, set, sizes[i]!)), sets);
}

/** What a set gains or loses when the deployment's largest possible size changes. */
function shareOf(deployment: Deployment, set: ReplicaSet): number {
  const size = setReplicas(set);
  if (replicasOf(deployment) === 0) return -size;
  const before = maxBefore(set) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const exact = (size * (replicasOf(deployment) + maxSurge(deployment))) / before;
  return Math.floor(exact + 0.5) - size;
}
