/**
 * The scheduler: takes pods from the queue one by one, finds a node for each, and binds them in
 * the background. The cycle itself runs without awaiting; when many pods wait it gives way to I/O
 * every few milliseconds.
 */
import type { Client } from '../client/client.ts';
import { errorFields, type Log } from '../client/log.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import type { Pod } from '../machinery/schema/wire.ts';
import type { Attempt } from './attempt.ts';
import { Background } from './background.ts';
import { BindingCycle } from './binding-cycle.ts';
import { Cache } from './cache/cache.ts';
import type { PodInfo } from './cache/pod-info.ts';
import { events } from './cluster-event.ts';
import { CycleState } from './cycle-state.ts';
import { FailureHandler } from './failure-handler.ts';
import { type Diagnosis, fitStatus } from './fit-error.ts';
import type { EventSink, Plugin } from './framework.ts';
import type { Listers } from './listers.ts';
import { SchedulerMetrics } from './metrics.ts';
import { NodeStatuses } from './node-statuses.ts';
import { nodeName } from './plugins/node-name.ts';
import type { Profile } from './profile.ts';
import { buildProfiles, type ProfileConfig } from './profile-builder.ts';
import type { QueuedPod } from './queue/queued-pod.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import type { QueueProfile } from './queue/wake-rules.ts';
import { Algorithm } from './schedule-pod.ts';
import { failure, unresolvable } from './status.ts';
import { WaitingPods } from './waiting-pods.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly listers: Listers;
  readonly recordEvent: EventSink;
  readonly log: Log;
  readonly profiles: readonly ProfileConfig[];
  /** 0: adapts to the number of nodes. */
  readonly percentageOfNodesToScore: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** The longest stretch of scheduling without giving way to I/O. */
const sliceMs = 8;
/** Bindings on their way at most; more pods wait in the queue. */
const limitBindings = 512;
const maxUnschedulableMs = 5 * 60_000;
const noNodes = unresolvable('', 'no nodes available to schedule pods');

/** Blames a plugin that any new node wakes, so that the pod does not wait out a back-off. */
function wokenByNodes(profile: Profile): Diagnosis | undefined {
  if (!profile.lists.filter.includes(nodeName)) return undefined;
  return {
    nodeCount: 0,
    statuses: new NodeStatuses(),
    rejecting: new Set([nodeName.name]),
    pending: new Set(),
    preFilterMessage: '',
    postFilterMessage: '',
  };
}

export class Scheduler {
  readonly cache = new Cache();
  readonly queue: SchedulingQueue;
  readonly metrics: SchedulerMetrics;
  readonly waiting: WaitingPods;
  readonly #options: SchedulerOptions;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #algorithm: Algorithm;
  readonly #background: Background;
  readonly #failures: FailureHandler;
  readonly #binding: BindingCycle;
  #bindings = 0;
  #kicked = false;
  #running = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.waiting = new WaitingPods(options.clock);
    this.#background = new Background(options.log);
    this.#algorithm = new Algorithm(options.random, options.percentageOfNodesToScore);
    // Profiles need the queue and the queue needs them: this map is filled below.
    const queueProfiles = new Map<string, QueueProfile>();
    let sort: Plugin | undefined;
    this.queue = new SchedulingQueue({
      clock: options.clock,
      less: (a, b) => sort!.less!(a, b),
      profiles: queueProfiles,
      backoff: { initialMs: options.initialBackoffMs, maxMs: options.maxBackoffMs },
      maxUnschedulableMs,
      onActive: () => this.#kick(),
      onEntry: (queue, event) => this.metrics.incoming(queue, event),
    });
    this.metrics = new SchedulerMetrics({
      queues: () => this.queue.counts(),
      cache: () => ({
        nodes: this.cache.nodes.length,
        pods: this.cache.podCount,
        assumed_pods: this.cache.assumedCount,
      }),
    });
    const { cache, queue, waiting, metrics } = this;
    const background = this.#background;
    this.#failures = new FailureHandler({ ...options, queue, metrics, background });
    const failures = this.#failures;
    this.#binding = new BindingCycle({ ...options, cache, queue, waiting, metrics, failures });
    this.#profiles = buildProfiles(options.profiles, {
      ...options,
      cache,
      queue,
      waiting,
      metrics,
      background: (what, work) => background.start(what, work),
    });
    for (const [name, profile] of this.#profiles) {
      queueProfiles.set(name, {
        preEnqueue: profile.lists.preEnqueue,
        plugins: profile.plugins,
      });
      // All profiles have the same one; the configuration is checked for that.
      sort ??= profile.lists.queueSort[0];
    }
  }

  /** True for pods of one of the profiles. */
  isResponsibleFor(pod: Pod): boolean {
    return this.#profiles.has(pod.spec?.schedulerName ?? '');
  }

  /** Begins taking pods from the queue. */
  start(): void {
    this.#running = true;
    this.#kick();
  }

  /** Ends scheduling and waits for what is in the background. */
  async stop(): Promise<void> {
    this.#running = false;
    this.queue.close();
    this.waiting.close();
    await this.#background.close();
  }

  /** An assumed pod is being deleted: its place is free again at once. */
  assumedPodDeleted(uid: string): void {
    const pod = this.cache.pod(uid);
    if (pod === undefined) return;
    if (!this.waiting.isWaiting(uid)) this.cache.forget(uid);
    else this.waiting.reject(uid, '', 'the pod was deleted');
    this.queue.moveAll(events.assignedPodDelete, pod.pod, undefined);
  }

  /** Schedules after the present turn, so that pods arriving together are sorted first. */
  #kick(): void {
    if (this.#kicked || !this.#running) return;
    this.#kicked = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    this.#kicked = false;
    const endMs = performance.now() + sliceMs;
    while (this.#running && this.#bindings < limitBindings) {
      const queued = this.queue.pop();
      if (queued === undefined) return;
      this.#scheduleOne(queued);
      if (performance.now() < endMs) continue;
      this.#kicked = true;
      setImmediate(() => this.#drain());
      return;
    }
  }

  #scheduleOne(queued: QueuedPod): void {
    const pod = queued.info;
    const profile = this.#profiles.get(pod.pod.spec?.schedulerName ?? '');
    if (profile === undefined || this.#skips(pod)) {
      this.queue.done(pod.uid);
      return;
    }
    const attempt = { queued, profile, state: new CycleState(), startMs: performance.now() };
    try {
      this.#cycle(attempt);
    } catch (e) {
      this.#options.log.error({ pod: pod.key, ...errorFields(e) }, 'scheduling failed');
      this.#failures.fail(attempt, pod, failure('', e), undefined, '');
    }
  }

  #skips(pod: PodInfo): boolean {
    if (pod.pod.metadata?.deletionTimestamp !== undefined) {
      const note = `skip schedule deleting pod: ${pod.key}`;
      this.#options.recordEvent(
        pod.pod,
        undefined,
        'Warning',
        'FailedScheduling',
        'Scheduling',
        note,
      );
      return true;
    }
    return this.cache.isAssumed(pod.uid);
  }

  #cycle(attempt: Attempt): void {
    const { profile, state } = attempt;
    const pod = attempt.queued.info;
    const result = this.#algorithm.schedule(profile, state, pod, this.cache.nodes, (name) =>
      this.cache.node(name),
    );
    this.metrics.algorithm((performance.now() - attempt.startMs) / 1000);
    if ('nodeName' in result) this.#place(attempt, pod, result.nodeName);
    else if ('diagnosis' in result) this.#postFilter(attempt, pod, result.diagnosis);
    else if ('noNodes' in result) {
      this.#failures.fail(attempt, pod, noNodes, wokenByNodes(profile), '');
    } else this.#failures.fail(attempt, pod, result.error, undefined, '');
  }

  #postFilter(attempt: Attempt, pod: PodInfo, diagnosis: Diagnosis): void {
    if (attempt.profile.lists.postFilter.length === 0) {
      this.#failures.fail(attempt, pod, fitStatus(diagnosis), diagnosis, '');
      return;
    }
    const result = attempt.profile.runPostFilters(attempt.state, pod, diagnosis.statuses);
    diagnosis.postFilterMessage = result.status?.message ?? '';
    this.#failures.fail(attempt, pod, fitStatus(diagnosis), diagnosis, result.nominatedNodeName);
  }

  /** Takes the place and sets off the binding. */
  #place(attempt: Attempt, pod: PodInfo, nodeName: string): void {
    const rest = this.#binding.begin(attempt, pod.onNode(nodeName), nodeName);
    if (rest === undefined) return;
    this.#bindings++;
    this.#background.start('binding', async () => {
      try {
        await rest();
      } finally {
        this.#bindings--;
        if (this.#bindings === limitBindings - 1) this.#kick();
      }
    });
  }
}
