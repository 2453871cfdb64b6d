/** Where a job stands: its pods counted, and whether it is about to end, and why. */
import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type { Job, Pod } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';
import { isPodActive, isPodReady, isPodTerminating } from '../pods/pod-state.ts';
import { type BackoffRecord, nextRecord } from './backoff.ts';
import { Indexes } from './indexes.ts';
import {
  finishedAtMs,
  indexFailures,
  indexOf,
  isIndexed,
  isPodFailed,
  isPodSucceeded,
  isSuspended,
  isTracked,
  limitsPerIndex,
  validIndex,
} from './job-pod.ts';
import { judgeFailure, metSuccessPolicy } from './policies.ts';

export type JobCondition = NonNullable<NonNullable<Job['status']>['conditions']>[number];

export interface JobView {
  readonly job: Job;
  /** All of the job, ended ones too as long as they are tracked. */
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Including those that are not in the counters of the status yet. */
  readonly succeeded: number;
  readonly failed: number;
  /** What the status says, and with the pods that ended since; for indexed jobs. */
  readonly countedIndexes: Indexes;
  readonly succeededIndexes: Indexes;
  /** Only with a limit per index. */
  readonly failedIndexes: Indexes | undefined;
  /** Failed pods kept until their index has a new one, which takes over the count of failures. */
  readonly keptPerIndex: ReadonlyMap<number, Pod>;
  readonly backoff: BackoffRecord;
  /** The job has met its end: SuccessCriteriaMet, FailureTarget or, seen before, Failed. */
  readonly ending: JobCondition | undefined;
}

export function jobCondition(
  type: string,
  status: string,
  reason: string,
  message: string,
  nowMs: number,
): JobCondition {
  const now = formatTime(nowMs);
  return { type, status, reason, message, lastProbeTime: now, lastTransitionTime: now };
}

/** Looks at a job that has not finished. `pods` are those it owns. */
export function evaluateJob(
  job: Job,
  pods: readonly Pod[],
  record: BackoffRecord,
  nowMs: number,
): JobView {
  const active = pods.filter(isPodActive);
  const status = job.status ?? {};
  const uncounted = {
    succeeded: new Set(status.uncountedTerminatedPods?.succeeded ?? []),
    failed: new Set(status.uncountedTerminatedPods?.failed ?? []),
  };
  const fresh = (known: ReadonlySet<string>) => (pod: Pod) =>
    isTracked(pod) &&
    !known.has(pod.metadata?.uid ?? '') &&
    (!isIndexed(job) || validIndex(job, pod) !== undefined);
  const newSucceeded = pods.filter(fresh(uncounted.succeeded)).filter(isPodSucceeded);
  const newFailed = pods.filter(fresh(uncounted.failed)).filter((p) => isPodFailed(p, job));
  const counted = newFailed.filter((p) => judgeFailure(job, p).counts);
  const view = {
    job,
    pods,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: (status.succeeded ?? 0) + newSucceeded.length + uncounted.succeeded.size,
    failed: (status.failed ?? 0) + counted.length + uncounted.failed.size,
    countedIndexes: Indexes.none,
    succeededIndexes: Indexes.none,
    failedIndexes: undefined,
    keptPerIndex: new Map<number, Pod>(),
    backoff: nextRecord(record, newSucceeded, newFailed),
  };
  const full = isIndexed(job) ? withIndexes(view) : view;
  return { ...full, ending: endingOf(full, nowMs) };
}

type Unjudged = Omit<JobView, 'ending'>;

function withIndexes(view: Unjudged): Unjudged {
  const { job, pods } = view;
  const limit = job.spec?.completions ?? 0;
  const countedIndexes = Indexes.parse(job.status?.completedIndexes, limit);
  const indexesOf = (some: readonly Pod[]): number[] =>
    some.map((p) => validIndex(job, p)).filter((i) => i !== undefined);
  const tracked = pods.filter(isTracked);
  const succeededIndexes = countedIndexes.with(indexesOf(tracked.filter(isPodSucceeded)));
  const result = { ...view, countedIndexes, succeededIndexes, succeeded: succeededIndexes.count };
  if (!limitsPerIndex(job)) return result;
  const failedIndexes = Indexes.parse(job.status?.failedIndexes, limit).with(
    indexesOf(tracked.filter((p) => failsIndex(job, p))),
  );
  return { ...result, failedIndexes, keptPerIndex: keptPods(result, failedIndexes) };
}

/** The pod's failure is the last that its index may have. */
function failsIndex(job: Job, pod: Pod): boolean {
  if (!isPodFailed(pod, job)) return false;
  const { counts, action } = judgeFailure(job, pod);
  if (action === 'FailIndex') return true;
  return counts && indexFailures(pod).counted >= (job.spec?.backoffLimitPerIndex ?? 0);
}

function keptPods(view: Unjudged, failedIndexes: Indexes): Map<number, Pod> {
  const { job } = view;
  const activeIndexes = new Set(view.active.map(indexOf));
  const kept = new Map<number, Pod>();
  for (const pod of view.pods) {
    const index = validIndex(job, pod);
    if (index === undefined || !isTracked(pod) || !isPodFailed(pod, job)) continue;
    if (view.succeededIndexes.has(index) || failedIndexes.has(index)) continue;
    if (activeIndexes.has(index)) continue;
    const other = kept.get(index);
    const later =
      other === undefined ||
      (indexFailures(pod).all >= indexFailures(other).all &&
        finishedAtMs(pod) >= finishedAtMs(other));
    if (later) kept.set(index, pod);
  }
  return kept;
}

/** The order matters: a job can meet several ends at once. */
function endingOf(view: Unjudged, nowMs: number): JobCondition | undefined {
  const { job } = view;
  const met = findCondition(job.status?.conditions, 'SuccessCriteriaMet');
  if (met?.status === 'True') return met;
  const target = findCondition(job.status?.conditions, 'FailureTarget');
  if (target?.status === 'True') {
    return jobCondition('Failed', 'True', target.reason ?? '', target.message ?? '', nowMs);
  }
  const failure = failureOf(view, nowMs);
  if (failure !== undefined) {
    const [reason, message] = failure;
    return jobCondition('FailureTarget', 'True', reason, message, nowMs);
  }
  const success = isIndexed(job) ? metSuccessPolicy(job, view.succeededIndexes) : undefined;
  if (success === undefined) return undefined;
  return jobCondition('SuccessCriteriaMet', 'True', 'SuccessPolicy', success, nowMs);
}

function failureOf(view: Unjudged, nowMs: number): [reason: string, message: string] | undefined {
  const { job, pods } = view;
  const spec = job.spec!;
  if (spec.podFailurePolicy !== undefined) {
    for (const pod of pods) {
      const message = isPodFailed(pod, job) ? judgeFailure(job, pod).message : undefined;
      if (message !== undefined) return ['PodFailurePolicy', message];
    }
  }
  // Absent means no limit of its own: the API server's default is 6, or none with one per index.
  const limit = spec.backoffLimit ?? 6;
  if (view.failed > limit || restartsExceed(job, pods, limit)) {
    return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  }
  if (isPastDeadline(job, nowMs)) {
    return ['DeadlineExceeded', 'Job was active longer than specified deadline'];
  }
  const failedIndexes = view.failedIndexes?.count ?? 0;
  if (spec.maxFailedIndexes !== undefined && failedIndexes > spec.maxFailedIndexes) {
    const text = 'Job has exceeded the specified maximal number of failed indexes';
    return ['MaxFailedIndexesExceeded', text];
  }
  const all = failedIndexes + view.succeededIndexes.count >= (spec.completions ?? 0);
  return failedIndexes > 0 && all ? ['FailedIndexes', 'Job has failed indexes'] : undefined;
}

/** Containers that are restarted in place fail without ending their pod. */
function restartsExceed(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    for (const s of all) restarts += s.restartCount;
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function isPastDeadline(job: Job, nowMs: number): boolean {
  const left = deadlineInMs(job, nowMs);
  return left !== undefined && left <= 0;
}

/** How long the job may still be active; undefined without a deadline and while suspended. */
export function deadlineInMs(job: Job, nowMs: number): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  const start = job.status?.startTime;
  if (seconds === undefined || start === undefined || isSuspended(job)) return undefined;
  return parseTime(start) + seconds * 1000 - nowMs;
}
