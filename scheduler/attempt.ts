/** One try to place one pod. */
import type { CycleState } from './cycle-state.ts';
import type { Profile } from './profile.ts';
import type { QueuedPod } from './queue/queued-pod.ts';

export interface Attempt {
  readonly queued: QueuedPod;
  readonly profile: Profile;
  readonly state: CycleState;
  /** By `performance.now()`. */
  readonly startMs: number;
}

/** Seconds since the attempt began. */
export function secondsOf(attempt: Attempt): number {
  return (performance.now() - attempt.startMs) / 1000;
}
