/** What a job wants to know of its pods: index, failures, when they ended, the tracking finalizer. */
import { parseTime } from '../../machinery/meta/times.ts';
import type { ContainerStatus, Job, Pod } from '../../machinery/schema/wire.ts';
import { podCondition } from '../pods/pod-state.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
export const indexFailuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailuresAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed';
}

/** Each index has its own limit of failures. */
export function limitsPerIndex(job: Job): boolean {
  return job.spec?.backoffLimitPerIndex !== undefined;
}

export function isSuspended(job: Job): boolean {
  return job.spec?.suspend === true;
}

/** Terminating pods are replaced only when they have failed. */
export function replacesFailedOnly(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
}

export function isJobFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    (c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True',
  );
}

export function isTracked(pod: Pod): boolean {
  return (pod.metadata?.finalizers ?? []).includes(trackingFinalizer);
}

/** The pod's completion index; undefined when it has no valid one. */
export function indexOf(pod: Pod): number | undefined {
  return naturalNumber(pod.metadata?.annotations?.[indexAnnotation]);
}

/** An index that the job has; others are not counted. */
export function validIndex(job: Job, pod: Pod): number | undefined {
  const index = indexOf(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined;
}

/** Failures of the pod's index before this pod: counted ones, and all. */
export function indexFailures(pod: Pod): { counted: number; all: number } {
  const { annotations = {} } = pod.metadata ?? {};
  const counted = naturalNumber(annotations[indexFailuresAnnotation]) ?? 0;
  const ignored = naturalNumber(annotations[ignoredFailuresAnnotation]) ?? 0;
  return { counted, all: counted + ignored };
}

function naturalNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]+$/.test(text)) return undefined;
  const n = Number(text);
  return n < 2 ** 31 ? n : undefined;
}

export function isPodSucceeded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded';
}

/** Failed, or being deleted where that counts as a failure. */
export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (replacesFailedOnly(job)) return false;
  return pod.metadata?.deletionTimestamp !== undefined && !isPodSucceeded(pod);
}

/**
 * When the pod ended, in ms: its last container, else the loss of readiness, else the start of its
 * deletion, else its creation.
 */
export function finishedAtMs(pod: Pod): number {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  );
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter((s) => sidecars.has(s.name)),
  ];
  const last = lastFinish(statuses);
  if (last !== undefined) return last;
  const ready = podCondition(pod, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime) {
    return parseTime(ready.lastTransitionTime);
  }
  const {
    deletionTimestamp,
    deletionGracePeriodSeconds = 0,
    creationTimestamp,
  } = pod.metadata ?? {};
  if (deletionTimestamp !== undefined) {
    return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  }
  return creationTimestamp === undefined ? 0 : parseTime(creationTimestamp);
}

function lastFinish(statuses: readonly ContainerStatus[]): number | undefined {
  let last: number | undefined;
  for (const status of statuses) {
    const at = status.state?.terminated?.finishedAt;
    if (!at) return undefined;
    last = Math.max(last ?? 0, parseTime(at));
  }
  return last;
}
