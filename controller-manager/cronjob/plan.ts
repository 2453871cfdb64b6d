/** What a CronJob's clock calls for: which runs are due, what its jobs' ends change. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { newControllerRef } from '../../machinery/meta/owner.ts';
import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type { CronJob, Job, ObjectReference } from '../../machinery/schema/wire.ts';
import { isJobFinished } from '../job/job-pod.ts';
import type { Schedule } from './schedule.ts';
import { TimeZone } from './time-zone.ts';

export type CronJobStatus = NonNullable<CronJob['status']>;
type ActiveJob = ObjectReference;

/** A run that is due, and was not started yet. */
export interface Due {
  readonly atMs: number;
  readonly tooMany: boolean;
}

/** Clocks of machines differ a little: better late than not at all. */
const slackMs = 100;
const manyMissed = 100;

/** Thrown for a schedule that is well-formed and never comes. */
export class ImpossibleSchedule extends Error {
  override readonly name = 'ImpossibleSchedule';
}

interface Missed {
  readonly earliestMs: number;
  readonly lastMs: number | undefined;
  readonly count: number;
}

function missedRuns(
  cronJob: CronJob,
  schedule: Schedule,
  nowMs: number,
  withDeadline: boolean,
): Missed {
  const since = cronJob.status?.lastScheduleTime ?? cronJob.metadata?.creationTimestamp;
  let earliestMs = since === undefined ? nowMs : parseTime(since);
  const deadline = cronJob.spec?.startingDeadlineSeconds;
  if (withDeadline && deadline !== undefined) {
    earliestMs = Math.max(earliestMs, nowMs - deadline * 1000);
  }
  const first = schedule.next(earliestMs);
  const second = first === undefined ? undefined : schedule.next(first);
  if (first === undefined || second === undefined) {
    const text = 'time difference between two schedules is less than 1 second';
    throw new ImpossibleSchedule(text);
  }
  if (nowMs < first) return { earliestMs, lastMs: undefined, count: 0 };
  if (nowMs < second) return { earliestMs, lastMs: first, count: 0 };
  // An estimate by the first interval, then exactly from a little before now.
  const interval = second - first;
  const count = Math.floor((nowMs - first) / interval) + 1;
  let lastMs: number | undefined;
  let at = schedule.next(first + (count - 2) * interval);
  for (; at !== undefined && at <= nowMs; at = schedule.next(at)) lastMs = at;
  return { earliestMs, lastMs, count };
}

/** The run that should be started now: the latest of those missed. */
export function dueRun(cronJob: CronJob, schedule: Schedule, nowMs: number): Due | undefined {
  const { lastMs, count } = missedRuns(cronJob, schedule, nowMs, true);
  return lastMs === undefined ? undefined : { atMs: lastMs, tooMany: count > manyMissed };
}

/** How long until the next look. */
export function nextLookMs(cronJob: CronJob, schedule: Schedule, nowMs: number): number {
  let fromMs = nowMs;
  try {
    const { earliestMs, lastMs, count } = missedRuns(cronJob, schedule, nowMs, false);
    fromMs = lastMs ?? (count === 0 ? earliestMs : nowMs);
  } catch (e) {
    if (!(e instanceof ImpossibleSchedule)) throw e;
  }
  return (schedule.next(fromMs) ?? nowMs) + slackMs - nowMs;
}

/** Past its starting deadline: it is not started any more. */
export function isTooLate(cronJob: CronJob, due: Due, nowMs: number): boolean {
  const deadline = cronJob.spec?.startingDeadlineSeconds;
  return deadline !== undefined && due.atMs + deadline * 1000 < nowMs;
}

/** Named by its time, so that one run is never started twice. */
export function jobName(cronJob: CronJob, atMs: number): string {
  return `${cronJob.metadata?.name}-${Math.floor(atMs / 60_000)}`;
}

/** The job of a run. */
export function jobFor(cronJob: CronJob, atMs: number): Job {
  const { metadata, spec } = cronJob.spec!.jobTemplate;
  const { namespace } = cronJob.metadata ?? {};
  const zone = TimeZone.named(cronJob.spec?.timeZone ?? 'UTC');
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cronJob, atMs),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...metadata?.labels },
      annotations: {
        ...metadata?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': zone.text(atMs),
      },
      ownerReferences: [newControllerRef(cronJob, 'batch/v1', 'CronJob')],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** The reference to a job in the list of active ones. */
export function referenceOf(job: Job): ActiveJob {
  const { namespace, name, uid, resourceVersion } = job.metadata ?? {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

export interface JobsChange {
  readonly status: CronJobStatus;
  readonly events: readonly { type: 'Normal' | 'Warning'; reason: string; message: string }[];
}

/** The status after a look at the jobs. `missing`: active ones that do not exist any more. */
export function followJobs(
  cronJob: CronJob,
  jobs: readonly Job[],
  missing: ReadonlySet<string>,
): JobsChange {
  let { active = [], lastSuccessfulTime } = cronJob.status ?? {};
  const events: { type: 'Normal' | 'Warning'; reason: string; message: string }[] = [];
  const drop = (uid: string | undefined): void => {
    active = active.filter((a) => a.uid !== uid);
  };
  for (const job of jobs) {
    const { uid, name } = job.metadata ?? {};
    const listed = active.some((a) => a.uid === uid);
    if (!isJobFinished(job)) {
      if (listed) continue;
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      events.push({ type: 'Warning', reason: 'UnexpectedJob', message });
      continue;
    }
    const how = finishedHow(job);
    if (listed) {
      drop(uid);
      const message = `Saw completed job: ${name}, condition: ${how}`;
      events.push({ type: 'Normal', reason: 'SawCompletedJob', message });
    }
    const end = job.status?.completionTime;
    if (how !== 'Complete' || end === undefined) continue;
    const later =
      lastSuccessfulTime === undefined || parseTime(end) > parseTime(lastSuccessfulTime);
    if (later) lastSuccessfulTime = end;
  }
  for (const { uid = '', name } of active) {
    if (!missing.has(uid)) continue;
    drop(uid);
    const message = `Active job went missing: ${name}`;
    events.push({ type: 'Normal', reason: 'MissingJob', message });
  }
  return { status: withActive(cronJob.status ?? {}, active, lastSuccessfulTime), events };
}

function withActive(
  status: CronJobStatus,
  active: ActiveJob[],
  lastSuccessfulTime: string | undefined,
): CronJobStatus {
  const { active: _, ...rest } = status;
  return {
    ...rest,
    ...(active.length === 0 ? {} : { active }),
    ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
  };
}

/** The status with a job started, or with one taken out. */
export function withStarted(status: CronJobStatus, job: Job, atMs: number): CronJobStatus {
  const active = [...(status.active ?? []), referenceOf(job)];
  return { ...status, active, lastScheduleTime: formatTime(atMs) };
}

export function withoutJob(status: CronJobStatus, uid: string | undefined): CronJobStatus {
  const active = (status.active ?? []).filter((a) => a.uid !== uid);
  return withActive(status, active, status.lastSuccessfulTime);
}

export function sameCronStatus(a: CronJobStatus | undefined, b: CronJobStatus): boolean {
  return deepEqual(a, b);
}

function finishedHow(job: Job): string {
  const end = (c: { type: string; status: string }): boolean =>
    c.status === 'True' && (c.type === 'Complete' || c.type === 'Failed');
  return job.status?.conditions?.find(end)?.type ?? '';
}

/** Ended jobs beyond the history limits, oldest first. */
export function outdatedJobs(cronJob: CronJob, jobs: readonly Job[]): Job[] {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec!;
  const beyond = (how: string, limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter((j) => finishedHow(j) === how).sort(byStart);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [
    ...beyond('Complete', successfulJobsHistoryLimit),
    ...beyond('Failed', failedJobsHistoryLimit),
  ];
}

/** Those without a start are the youngest. */
function byStart(a: Job, b: Job): number {
  const time = (j: Job): number =>
    j.status?.startTime === undefined ? Number.MAX_VALUE : parseTime(j.status.startTime);
  return time(a) - time(b) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
}
