/**
 * Counting ended pods exactly once (KEP-2307): first their uids go to the status, then the
 * tracking finalizer off the pods, then the uids become numbers. A restart in between repeats no
 * step and loses none.
 */
import { formatTime } from '../../machinery/meta/times.ts';
import type { JobStatus, Pod } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';
import { type JobCondition, type JobView, jobCondition } from './evaluate.ts';
import {
  indexOf,
  isIndexed,
  isPodFailed,
  isPodSucceeded,
  isTracked,
  limitsPerIndex,
  validIndex,
} from './job-pod.ts';
import { judgeFailure } from './policies.ts';

/** Uids in the status at a time, to keep it small (as upstream). */
const maxUncounted = 500;

export interface TrackPlan {
  /** To write before finalizers are removed. */
  readonly status: JobStatus;
  /** To release when that is written. */
  readonly release: readonly Pod[];
  /** More pods than fit at a time: the job does not end yet. */
  readonly partial: boolean;
  /** Complete or Failed, to set once all is counted and nothing terminates any more. */
  readonly final: JobCondition | undefined;
}

/** `status` is the job's with conditions, active, ready and terminating brought up to date. */
export function planTracking(
  view: JobView,
  status: JobStatus,
  ending: JobCondition | undefined,
  nowMs: number,
): TrackPlan {
  const { job } = view;
  const next = countReleased(status, uidsOfTracked(view.pods));
  const succeeded = new Set(next.uncountedTerminatedPods?.succeeded ?? []);
  const failed = new Set(next.uncountedTerminatedPods?.failed ?? []);
  const newIndexes: number[] = [];
  const release: Pod[] = [];
  let partial = false;
  const ordered = isIndexed(job)
    ? view.pods.toSorted((a, b) => (indexOf(a) ?? -1) - (indexOf(b) ?? -1))
    : view.pods;
  for (const pod of ordered) {
    if (!isTracked(pod) || !mayRelease(view, pod, ending)) continue;
    release.push(pod);
    const uid = pod.metadata?.uid ?? '';
    if (isPodSucceeded(pod) && !failed.has(uid)) {
      if (!isIndexed(job)) succeeded.add(uid);
      else {
        const index = validIndex(job, pod);
        if (index !== undefined && !view.countedIndexes.has(index)) newIndexes.push(index);
      }
    } else if (countsAsFailed(view, pod, ending)) failed.add(uid);
    if (newIndexes.length + succeeded.size + failed.size >= maxUncounted) {
      partial = true;
      break;
    }
  }
  let result: JobStatus = { ...next, uncountedTerminatedPods: uncounted(succeeded, failed) };
  if (isIndexed(job)) {
    const done = view.succeededIndexes.with(newIndexes);
    result = {
      ...result,
      succeeded: done.count,
      completedIndexes: done.toString(),
      ...(view.failedIndexes === undefined ? {} : { failedIndexes: view.failedIndexes.toString() }),
    };
  }
  return { ...withInterim(result, ending, nowMs), release, partial };
}

/** The condition that announces the end, and the one that is to follow it. */
function withInterim(
  status: JobStatus,
  ending: JobCondition | undefined,
  nowMs: number,
): Pick<TrackPlan, 'status' | 'final'> {
  if (ending === undefined) return { status, final: undefined };
  const { type, reason = '', message = '' } = ending;
  const announced = findCondition(status.conditions, type) !== undefined || type === 'Failed';
  const conditions = announced ? status.conditions : [...(status.conditions ?? []), ending];
  const finalType = type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed';
  return {
    status: { ...status, ...(conditions === undefined ? {} : { conditions }) },
    final: jobCondition(finalType, 'True', reason, message, nowMs),
  };
}

function mayRelease(view: JobView, pod: Pod, ending: JobCondition | undefined): boolean {
  const { job } = view;
  if (job.metadata?.deletionTimestamp !== undefined || ending !== undefined) return true;
  if (isPodSucceeded(pod)) return true;
  if (!isPodFailed(pod, job)) return false;
  if (!limitsPerIndex(job)) return true;
  const kept = view.keptPerIndex.get(indexOf(pod) ?? -1);
  return kept?.metadata?.uid !== pod.metadata?.uid;
}

function countsAsFailed(view: JobView, pod: Pod, ending: JobCondition | undefined): boolean {
  const { job } = view;
  // Of a job that fails, every pod that has not ended counts as failed.
  const fails = ending !== undefined && ending.type !== 'SuccessCriteriaMet';
  if (!isPodFailed(pod, job) && !fails) return false;
  if (isIndexed(job) && validIndex(job, pod) === undefined) return false;
  return judgeFailure(job, pod).counts;
}

function uidsOfTracked(pods: readonly Pod[]): Set<string> {
  return new Set(pods.filter(isTracked).map((p) => p.metadata?.uid ?? ''));
}

/** Uids whose pods are no longer tracked become numbers. */
export function countReleased(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const keptSucceeded = succeeded.filter((uid) => tracked.has(uid));
  const keptFailed = failed.filter((uid) => tracked.has(uid));
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - keptSucceeded.length,
    failed: (status.failed ?? 0) + failed.length - keptFailed.length,
    uncountedTerminatedPods: uncounted(keptSucceeded, keptFailed),
  };
}

function uncounted(
  succeeded: Iterable<string>,
  failed: Iterable<string>,
): NonNullable<JobStatus['uncountedTerminatedPods']> {
  const [s, f] = [[...succeeded], [...failed]];
  return { ...(s.length === 0 ? {} : { succeeded: s }), ...(f.length === 0 ? {} : { failed: f }) };
}

/** The status after release: numbers, and the final condition when nothing is left to wait for. */
export function finishedStatus(
  plan: TrackPlan,
  tracked: ReadonlySet<string>,
  nowMs: number,
): { status: JobStatus; finished: boolean } {
  const status = countReleased(plan.status, tracked);
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const waits = succeeded.length + failed.length > 0 || (status.terminating ?? 0) > 0;
  if (plan.final === undefined || plan.partial || waits) return { status, finished: false };
  const conditions = [...(status.conditions ?? []), plan.final];
  const completed = plan.final.type === 'Complete' ? { completionTime: formatTime(nowMs) } : {};
  return { status: { ...status, conditions, ...completed }, finished: true };
}

/** Without zeros and empty texts, as the API writes it. */
export function compactStatus(status: JobStatus): JobStatus {
  const { active, succeeded, failed, completedIndexes, ...rest } = status;
  return {
    ...rest,
    ...(active ? { active } : {}),
    ...(succeeded ? { succeeded } : {}),
    ...(failed ? { failed } : {}),
    ...(completedIndexes ? { completedIndexes } : {}),
  };
}
