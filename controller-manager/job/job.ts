/** The Job controller: runs pods to completion and counts each of them once. */
import { OwnWrites } from '../../client/own-writes.ts';
import { jobs as jobResource, pods as podResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import { controllerOf, newControllerRef } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Job, JobStatus, OwnerReference, Pod } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { claim } from '../pods/claim.ts';
import { indexByController, ownedBy, ownedOrOrphaned } from '../pods/owner-index.ts';
import { isNamespaceTerminating, PodControl, podFromTemplate } from '../pods/pod-control.ts';
import { isPodReady } from '../pods/pod-state.ts';
import { slowStart } from '../pods/slow-start.ts';
import { type BackoffRecord, noFailures } from './backoff.ts';
import {
  deadlineInMs,
  evaluateJob,
  type JobCondition,
  type JobView,
  jobCondition,
} from './evaluate.ts';
import { isJobFinished, isSuspended, isTracked, trackingFinalizer } from './job-pod.ts';
import { jobTemplate, planPods } from './manage.ts';
import { compactStatus, finishedStatus, planTracking } from './track.ts';

/** Pod events come in bursts: one look for each. */
const batchMs = 200;
const lagMs = 100;
const firstRetryMs = 1_000;
const maxRetryMs = 60_000;
const controllerName = 'kubernetes.io/job-controller';

export const jobController = defineController({
  name: 'job-controller',
  aliases: ['job'],
  serviceAccount: 'job-controller',
  setup,
});

/** What happened to the pods of a job in one round. */
interface Round {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly error: unknown;
  readonly waitMs?: number;
}

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('job-controller');
  const control = new PodControl(client, recorder);
  const jobs = context.informer(jobResource);
  const pods = context.informer(podResource);
  indexByController(pods);
  const podWrites = new OwnWrites(pods);
  const jobWrites = new OwnWrites(jobs);
  const backoffs = new Map<string, BackoffRecord>();
  const retry = { baseDelayMs: firstRetryMs, maxDelayMs: maxRetryMs };
  const workers = context.options.concurrentJobSyncs;
  const queue = context.queue({ workers, reconcile, ...retry });
  const orphans = context.queue({
    name: 'job_orphan_pod',
    workers: 1,
    reconcile: releaseOrphan,
    ...retry,
  });

  jobs.addHandler({
    added: (job) => queue.add(keyOf(job)),
    updated(old, job) {
      if (isJobFinished(job)) releasePods(job);
      // Changes of the status alone come from counting pods: they can wait for more.
      if (old.metadata?.generation !== job.metadata?.generation) queue.add(keyOf(job));
      else queue.addAfter(keyOf(job), batchMs);
    },
    deleted(job) {
      releasePods(job);
      queue.add(keyOf(job));
    },
  });
  pods.addHandler({
    added: podChanged,
    updated(old, pod) {
      const before = controllerOf(old);
      if (before !== undefined && before.uid !== controllerOf(pod)?.uid) wakeOwner(old, before);
      podChanged(pod);
    },
    deleted: podChanged,
  });

  function podChanged(pod: Pod): void {
    const controller = controllerOf(pod);
    const job = controller === undefined ? undefined : resolve(pod, controller);
    if (job !== undefined) queue.addAfter(keyOf(job), batchMs);
    const dying = pod.metadata?.deletionTimestamp !== undefined;
    const unowned =
      controller === undefined || (dying && (job === undefined || isJobFinished(job)));
    if (unowned && isTracked(pod)) orphans.add(keyOf(pod));
    if (controller !== undefined) return;
    for (const candidate of jobs.store.list(pod.metadata?.namespace ?? '')) {
      const selector = selectorOf(candidate.spec?.selector);
      if (selector.matches(pod.metadata?.labels ?? {})) queue.addAfter(keyOf(candidate), batchMs);
    }
  }

  function wakeOwner(pod: Pod, reference: OwnerReference): void {
    const job = resolve(pod, reference);
    if (job !== undefined) queue.addAfter(keyOf(job), batchMs);
  }

  function resolve(pod: Pod, reference: OwnerReference): Job | undefined {
    if (reference.kind !== 'Job') return undefined;
    const job = jobs.store.get(pod.metadata?.namespace, reference.name);
    return job?.metadata?.uid === reference.uid ? job : undefined;
  }

  /** Nothing holds the pods of a job that is over. */
  function releasePods(job: Job): void {
    for (const pod of ownedBy(pods, job)) if (isTracked(pod)) orphans.add(keyOf(pod));
  }

  async function releaseOrphan(key: string, signal: AbortSignal): Promise<undefined> {
    const pod = pods.store.byKey(key);
    if (pod === undefined) return;
    const controller = controllerOf(pod);
    if (controller !== undefined) {
      if (controller.kind !== 'Job' || !controller.apiVersion.startsWith('batch/')) return;
      const job = resolve(pod, controller);
      if (job !== undefined && (isManagedElsewhere(job) || !isJobFinished(job))) return;
    }
    await release(pod, signal);
  }

  /** Takes the tracking finalizer off; true when it is off, or the pod gone. */
  async function release(pod: Pod, signal: AbortSignal): Promise<Pod | undefined> {
    if (!isTracked(pod)) return undefined;
    const { namespace, name = '' } = pod.metadata ?? {};
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
    const options = { type: 'strategic', signal } as const;
    try {
      return await client.patch(podResource, { namespace, name }, patch, options);
    } catch (e) {
      if (hasReason(e, 'NotFound')) return undefined;
      throw e;
    }
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const job = jobs.store.byKey(key);
    if (job === undefined || isJobFinished(job)) {
      podWrites.forget(key);
      jobWrites.forget(key);
      backoffs.delete(key);
      return undefined;
    }
    if (isManagedElsewhere(job)) return undefined;
    if (!podWrites.isCurrent(key) || !jobWrites.isCurrent(key)) return { requeueAfterMs: lagMs };
    const mode = job.spec?.completionMode ?? 'NonIndexed';
    if (mode !== 'NonIndexed' && mode !== 'Indexed') {
      const text = 'Skipped Job sync because completion mode is unknown';
      recorder.event(job, 'Warning', 'UnknownCompletionMode', text);
      return undefined;
    }
    const own = await claimPods(job, signal);
    const nowMs = clock.now();
    const started: Job =
      job.status?.startTime === undefined && !isSuspended(job)
        ? { ...job, status: { ...job.status, startTime: formatTime(nowMs) } }
        : job;
    const view = evaluateJob(started, own, backoffs.get(key) ?? noFailures, nowMs);
    const round =
      view.ending === undefined
        ? await manage(key, view, signal)
        : await stopPods(key, view, signal);
    const ending = endingAfter(view, round, nowMs);
    const status = roundStatus(view, round, ending, nowMs);
    await track(key, view, status, ending, signal);
    if (round.error !== undefined) throw round.error;
    // A job that ends already waits for events only.
    const deadline = ending === undefined ? deadlineInMs(started, nowMs) : undefined;
    const waits = [round.waitMs, deadline].filter((ms) => ms !== undefined);
    return waits.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...waits)) };
  }

  async function claimPods(job: Job, signal: AbortSignal): Promise<Pod[]> {
    const own = await claim({
      client,
      owner: job,
      ownerResource: jobResource,
      resource: podResource,
      selector: selectorOf(job.spec?.selector),
      candidates: ownedOrOrphaned(pods, job),
      finalizers: [trackingFinalizer],
      signal,
    });
    const uid = job.metadata?.uid;
    // What was adopted just now is tracked, though the cache does not show it yet.
    return own.map((pod) => {
      if (controllerOf(pod)?.uid === uid || isTracked(pod)) return pod;
      const finalizers = [...(pod.metadata?.finalizers ?? []), trackingFinalizer];
      return { ...pod, metadata: { ...pod.metadata, finalizers } };
    });
  }

  async function manage(key: string, view: JobView, signal: AbortSignal): Promise<Round> {
    const { job, active, ready, terminating } = view;
    const still = { active: active.length, ready, terminating, error: undefined };
    if (job.metadata?.deletionTimestamp !== undefined) return still;
    const action = planPods(view, clock.now());
    if (action.type === 'wait') return { ...still, waitMs: Math.max(batchMs, action.ms) };
    if (action.type === 'delete') {
      // Not counted as failed: their tracking ends before their deletion.
      return await removePods(key, view, action.pods, true, signal);
    }
    if (action.type === 'none') return still;
    const reference = newControllerRef(job, jobResource.apiVersion, jobResource.kind);
    const { succeeded, error } = await slowStart(action.indexes.length, async (i) => {
      const { template, generateName } = jobTemplate(view, action.indexes[i]);
      const pod = podFromTemplate(template, job, reference);
      if (generateName !== undefined) pod.metadata!.generateName = generateName;
      try {
        podWrites.wrote(key, await control.create(pod, job, signal));
      } catch (e) {
        if (!isNamespaceTerminating(e)) throw e;
      }
    });
    return { ...still, active: active.length + succeeded, error };
  }

  async function removePods(
    key: string,
    view: JobView,
    surplus: readonly Pod[],
    untrack: boolean,
    signal: AbortSignal,
  ): Promise<Round> {
    const results = await Promise.allSettled(
      surplus.map(async (pod) => {
        if (untrack) await release(pod, signal);
        try {
          await control.delete(pod, view.job, signal);
          podWrites.deleted(key, pod);
        } catch (e) {
          if (!hasReason(e, 'NotFound')) throw e;
        }
        return pod;
      }),
    );
    const gone = results.filter((r) => r.status === 'fulfilled').map((r) => r.value);
    const failed = results.find((r) => r.status === 'rejected');
    return {
      active: view.active.length - gone.length,
      ready: view.ready - gone.filter(isPodReady).length,
      terminating: view.terminating + gone.length,
      error: failed?.reason,
    };
  }

  async function stopPods(key: string, view: JobView, signal: AbortSignal): Promise<Round> {
    return await removePods(key, view, view.active, false, signal);
  }

  /** The end that still holds after the round. */
  function endingAfter(view: JobView, round: Round, nowMs: number): JobCondition | undefined {
    // Pods that could not be deleted keep the job from ending.
    if (view.ending !== undefined) return round.active === 0 ? view.ending : undefined;
    const { completions } = view.job.spec!;
    const enough = completions === undefined ? view.succeeded > 0 : view.succeeded >= completions;
    if (!enough || round.active > 0) return undefined;
    const text = 'Reached expected number of succeeded pods';
    return jobCondition('SuccessCriteriaMet', 'True', 'CompletionsReached', text, nowMs);
  }

  function roundStatus(
    view: JobView,
    round: Round,
    ending: JobCondition | undefined,
    nowMs: number,
  ): JobStatus {
    const { job } = view;
    const { active, ready, terminating } = round;
    let status: JobStatus = { ...job.status, active, ready, terminating };
    const managed = view.ending === undefined && job.metadata?.deletionTimestamp === undefined;
    if (ending !== undefined || !managed) return status;
    const suspended = findCondition(status.conditions, 'Suspended');
    const others = (status.conditions ?? []).filter((c) => c !== suspended);
    if (isSuspended(job) && suspended?.status !== 'True') {
      recorder.event(job, 'Normal', 'Suspended', 'Job suspended');
      const condition = jobCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', nowMs);
      const { startTime: _, ...rest } = status;
      status = { ...rest, conditions: [...others, condition] };
    } else if (!isSuspended(job) && suspended?.status === 'True') {
      recorder.event(job, 'Normal', 'Resumed', 'Job resumed');
      const condition = jobCondition('Suspended', 'False', 'JobResumed', 'Job resumed', nowMs);
      status = {
        ...status,
        // The deadline counts from here.
        startTime: formatTime(nowMs),
        conditions: [...others, condition],
      };
    }
    return status;
  }

  async function track(
    key: string,
    view: JobView,
    status: JobStatus,
    ending: JobCondition | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const plan = planTracking(view, status, ending, clock.now());
    let job = jobs.store.byKey(key) ?? view.job;
    const write = async (next: JobStatus): Promise<void> => {
      if (deepEqual(compactStatus(next), compactStatus(job.status ?? {}))) return;
      const updated = { ...job, status: compactStatus(next) };
      job = await client.update(jobResource, updated, { subresource: 'status', signal });
      jobWrites.wrote(key, job);
    };
    await write(plan.status);
    backoffs.set(key, view.backoff);
    const tracked = new Set(view.pods.filter(isTracked).map((p) => p.metadata?.uid ?? ''));
    const results = await Promise.allSettled(
      plan.release.map(async (pod) => {
        const freed = await release(pod, signal);
        if (freed !== undefined) podWrites.wrote(key, freed);
        tracked.delete(pod.metadata?.uid ?? '');
      }),
    );
    const failed = results.find((r) => r.status === 'rejected');
    const { status: last, finished } = finishedStatus(plan, tracked, clock.now());
    await write(last);
    if (failed !== undefined) throw failed.reason;
    if (finished && plan.final !== undefined) reportEnd(job, plan.final);
  }

  function reportEnd(job: Job, final: JobCondition): void {
    if (final.type !== 'Complete') {
      recorder.event(job, 'Warning', final.reason ?? '', final.message ?? '');
      return;
    }
    const { completions } = job.spec!;
    if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
      const text = 'Too many succeeded pods running after completion count reached';
      recorder.event(job, 'Warning', 'TooManySucceededPods', text);
    }
    recorder.event(job, 'Normal', 'Completed', 'Job completed');
  }
}

function isManagedElsewhere(job: Job): boolean {
  return (job.spec?.managedBy ?? controllerName) !== controllerName;
}
