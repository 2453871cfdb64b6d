/** The CronJob controller: starts jobs on time, by its concurrency policy, and tidies up after. */
import { OwnWrites } from '../../client/own-writes.ts';
import { cronJobs as cronJobResource, jobs as jobResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { controllerOf, isControlledBy } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { parseTime } from '../../machinery/meta/times.ts';
import type { CronJob, Job } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { indexByController, ownedBy } from '../pods/owner-index.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import {
  type CronJobStatus,
  type Due,
  dueRun,
  followJobs,
  ImpossibleSchedule,
  isTooLate,
  jobFor,
  jobName,
  nextLookMs,
  outdatedJobs,
  sameCronStatus,
  withoutJob,
  withStarted,
} from './plan.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { TimeZone } from './time-zone.ts';

const lagMs = 100;

export const cronJobController = defineController({
  name: 'cronjob-controller',
  aliases: ['cronjob'],
  serviceAccount: 'cronjob-controller',
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('cronjob-controller');
  const cronJobs = context.informer(cronJobResource);
  const jobs = context.informer(jobResource);
  indexByController(jobs);
  const writes = new OwnWrites(cronJobs);
  const jobWrites = new OwnWrites(jobs);
  const queue = context.queue({ workers: context.options.concurrentCronJobSyncs, reconcile });
  cronJobs.addHandler({
    added: (c) => queue.add(keyOf(c)),
    updated(old, c) {
      const rescheduled =
        old.spec?.schedule !== c.spec?.schedule || old.spec?.timeZone !== c.spec?.timeZone;
      if (!rescheduled) queue.add(keyOf(c));
      else {
        // From the next time on: what the new schedule missed in the past was never promised.
        const schedule = scheduleOf(c);
        if (schedule !== undefined) queue.addAfter(keyOf(c), nextLookMs(c, schedule, clock.now()));
      }
    },
    deleted: (c) => queue.add(keyOf(c)),
  });
  const wakeOwner = (job: Job): void => {
    const controller = controllerOf(job);
    if (controller?.kind !== 'CronJob') return;
    const owner = cronJobs.store.get(job.metadata?.namespace, controller.name);
    if (owner?.metadata?.uid === controller.uid) queue.add(keyOf(owner));
  };
  jobs.addHandler({ added: wakeOwner, updated: (_, job) => wakeOwner(job), deleted: wakeOwner });

  /** The schedule, or undefined and an event that says what is wrong. */
  function scheduleOf(cronJob: CronJob): Schedule | undefined {
    const { schedule, timeZone } = cronJob.spec!;
    if (timeZone !== undefined) {
      try {
        TimeZone.named(timeZone);
      } catch {
        const text = `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`;
        recorder.event(cronJob, 'Warning', 'UnknownTimeZone', text);
        return undefined;
      }
    }
    if (schedule.includes('TZ')) {
      const text =
        `CRON_TZ or TZ used in schedule "${schedule}" is not officially supported, see ` +
        'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
      recorder.event(cronJob, 'Warning', 'UnsupportedSchedule', text);
    }
    try {
      return parseSchedule(schedule, timeZone);
    } catch (e) {
      const text = `unparseable schedule: "${schedule}" : ${e instanceof Error ? e.message : e}`;
      recorder.event(cronJob, 'Warning', 'UnparseableSchedule', text);
      return undefined;
    }
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const cronJob = cronJobs.store.byKey(key);
    if (cronJob === undefined) {
      writes.forget(key);
      jobWrites.forget(key);
      return undefined;
    }
    if (!writes.isCurrent(key) || !jobWrites.isCurrent(key)) return { requeueAfterMs: lagMs };
    const own = [...ownedBy(jobs, cronJob)];
    const change = followJobs(cronJob, own, await missingJobs(cronJob, own, signal));
    for (const { type, reason, message } of change.events) {
      recorder.event(cronJob, type, reason, message);
    }
    let { status } = change;
    for (const job of outdatedJobs(cronJob, own)) {
      if (await remove(cronJob, job, signal)) status = withoutJob(status, job.metadata?.uid);
    }
    let again: Requeue | undefined;
    let failure: unknown;
    try {
      const run = await runDue({ ...cronJob, status }, signal);
      again = run.again;
      status = run.status;
    } catch (e) {
      failure = e;
    }
    if (!sameCronStatus(cronJob.status, status)) {
      const next = { ...cronJob, status };
      const options = { subresource: 'status', signal } as const;
      writes.wrote(key, await client.update(cronJobResource, next, options));
    }
    if (failure !== undefined) throw failure;
    return again;
  }

  async function missingJobs(
    cronJob: CronJob,
    own: readonly Job[],
    signal: AbortSignal,
  ): Promise<Set<string>> {
    const known = new Set(own.map((j) => j.metadata?.uid));
    const missing = new Set<string>();
    for (const { namespace, name = '', uid = '' } of cronJob.status?.active ?? []) {
      if (known.has(uid)) continue;
      try {
        await client.get(jobResource, { namespace, name }, { signal });
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
        missing.add(uid);
      }
    }
    return missing;
  }

  /** Starts the run that is due, if one is and may be. */
  async function runDue(
    cronJob: CronJob,
    signal: AbortSignal,
  ): Promise<{ status: CronJobStatus; again: Requeue | undefined }> {
    let status = cronJob.status ?? {};
    if (cronJob.metadata?.deletionTimestamp !== undefined || cronJob.spec?.suspend === true) {
      return { status, again: undefined };
    }
    const schedule = scheduleOf(cronJob);
    if (schedule === undefined) return { status, again: undefined };
    const nowMs = clock.now();
    let due: Due | undefined;
    try {
      due = dueRun(cronJob, schedule, nowMs);
    } catch (e) {
      if (!(e instanceof ImpossibleSchedule)) throw e;
      const text = `invalid schedule: ${cronJob.spec?.schedule} : ${e.message}`;
      recorder.event(cronJob, 'Warning', 'InvalidSchedule', text);
      return { status, again: undefined };
    }
    const again = (c: CronJob): Requeue => ({ requeueAfterMs: nextLookMs(c, schedule, nowMs) });
    if (due === undefined) return { status, again: again(cronJob) };
    if (due.tooMany) {
      const text =
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      recorder.event(cronJob, 'Warning', 'TooManyMissedTimes', text);
    }
    if (isTooLate(cronJob, due, nowMs)) {
      const text = `Missed scheduled time to start a job: ${rfc1123(due.atMs)}`;
      recorder.event(cronJob, 'Warning', 'MissSchedule', text);
      return { status, again: again(cronJob) };
    }
    const active = status.active ?? [];
    const name = jobName(cronJob, due.atMs);
    const last = status.lastScheduleTime;
    if (active.some((a) => a.name === name) || (last && parseTime(last) === due.atMs)) {
      return { status, again: again(cronJob) };
    }
    const policy = cronJob.spec?.concurrencyPolicy;
    if (policy === 'Forbid' && active.length > 0) {
      const text =
        'Not starting job because prior execution is running and concurrency policy is Forbid';
      recorder.event(cronJob, 'Normal', 'JobAlreadyActive', text);
      return { status, again: again(cronJob) };
    }
    if (policy === 'Replace') {
      for (const { namespace, name: running = '', uid } of active) {
        const job = await client.get(jobResource, { namespace, name: running }, { signal });
        if (!(await remove(cronJob, job, signal))) {
          throw new Error(`could not replace job ${namespace}/${running}`);
        }
        status = withoutJob(status, uid);
      }
    }
    const job = await start(cronJob, due, signal);
    if (job !== undefined) status = withStarted(status, job, due.atMs);
    return { status, again: again({ ...cronJob, status }) };
  }

  /** The job of the run, made now or by an earlier try; undefined when it is another's. */
  async function start(cronJob: CronJob, due: Due, signal: AbortSignal): Promise<Job | undefined> {
    const wanted = jobFor(cronJob, due.atMs);
    try {
      const job = await client.create(jobResource, wanted, { signal });
      jobWrites.wrote(keyOf(cronJob), job);
      const text = `Created job ${job.metadata?.name}`;
      recorder.event(cronJob, 'Normal', 'SuccessfulCreate', text);
      return job;
    } catch (e) {
      if (hasReason(e, 'AlreadyExists')) {
        const { namespace, name = '' } = wanted.metadata ?? {};
        const there = await client.get(jobResource, { namespace, name }, { signal });
        return isControlledBy(there, cronJob) ? there : undefined;
      }
      if (!isNamespaceTerminating(e) && !signal.aborted) {
        const text = `Error creating job: ${e instanceof Error ? e.message : String(e)}`;
        recorder.event(cronJob, 'Warning', 'FailedCreate', text);
      }
      throw e;
    }
  }

  async function remove(cronJob: CronJob, job: Job, signal: AbortSignal): Promise<boolean> {
    const { namespace, name = '' } = job.metadata ?? {};
    try {
      const options = { propagationPolicy: 'Background', signal } as const;
      await client.delete(jobResource, { namespace, name }, options);
      jobWrites.deleted(keyOf(cronJob), job);
      recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
      return true;
    } catch (e) {
      const text = `Deleted job: ${e instanceof Error ? e.message : String(e)}`;
      recorder.event(cronJob, 'Warning', 'FailedDelete', text);
      return false;
    }
  }
}

function rfc1123(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000');
}
