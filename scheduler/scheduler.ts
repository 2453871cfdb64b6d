/**
 * The scheduler: takes pods from the queue one by one, finds a node for each, and binds them in
 * the background. The cycle itself runs without awaiting; when many pods wait it gives way to I/O
 * every few milliseconds.
 */
import type { Client } from '../client/client.ts';
import { errorFields, type Log } from '../client/log.ts';
import { pods } from '../client/resources.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { Pod } from '../machinery/schema/wire.ts';
import { Cache } from './cache/cache.ts';
import { PodInfo } from './cache/pod-info.ts';
import { events } from './cluster-event.ts';
import { CycleState } from './cycle-state.ts';
import { type Diagnosis, fitMessage, fitStatus } from './fit-error.ts';
import type { EventSink, Plugin } from './framework.ts';
import type { Listers } from './listers.ts';
import { SchedulerMetrics } from './metrics.ts';
import { NodeStatuses } from './node-statuses.ts';
import { nodeName } from './plugins/node-name.ts';
import { type StatusChange, statusPatch, truncateNote } from './pod-status.ts';
import type { Profile } from './profile.ts';
import { buildProfiles, type ProfileConfig } from './profile-builder.ts';
import type { QueuedPod } from './queue/queued-pod.ts';
import { type QueueProfile, SchedulingQueue } from './queue/scheduling-queue.ts';
import { Algorithm } from './schedule-pod.ts';
import { failure, Status, unresolvable } from './status.ts';
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

/** How an attempt is going: what was found, and what must be undone when it fails. */
interface Attempt {
  readonly queued: QueuedPod;
  readonly profile: Profile;
  readonly state: CycleState;
  readonly startMs: number;
}

export class Scheduler {
  readonly cache = new Cache();
  readonly queue: SchedulingQueue;
  readonly metrics: SchedulerMetrics;
  readonly waiting: WaitingPods;
  readonly #options: SchedulerOptions;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #algorithm: Algorithm;
  readonly #background = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #bindings = 0;
  #kicked = false;
  #running = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.waiting = new WaitingPods(options.clock);
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
    this.#profiles = buildProfiles(options.profiles, {
      ...options,
      cache: this.cache,
      queue: this.queue,
      waiting: this.waiting,
      metrics: this.metrics,
      background: (what, work) => this.#inBackground(what, work),
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
    this.#stop.abort();
    while (this.#background.size > 0) await Promise.all(this.#background);
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
      this.#fail(attempt, pod, failure('', e), undefined, '');
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
      this.#fail(attempt, pod, noNodes, wokenByNodes(profile), '');
    } else this.#fail(attempt, pod, result.error, undefined, '');
  }

  #postFilter(attempt: Attempt, pod: PodInfo, diagnosis: Diagnosis): void {
    if (attempt.profile.lists.postFilter.length === 0) {
      this.#fail(attempt, pod, fitStatus(diagnosis), diagnosis, '');
      return;
    }
    const result = attempt.profile.runPostFilters(attempt.state, pod, diagnosis.statuses);
    diagnosis.postFilterMessage = result.status?.message ?? '';
    this.#fail(attempt, pod, fitStatus(diagnosis), diagnosis, result.nominatedNodeName);
  }

  /** Assumes the pod on the node, reserves, asks for permission and sets off the binding. */
  #place(attempt: Attempt, pod: PodInfo, nodeName: string): void {
    const { profile, state } = attempt;
    const assumed = pod.onNode(nodeName);
    this.cache.assume(assumed);
    this.queue.nominator.withdraw(pod.uid);
    const refused = this.#reserve(attempt, assumed, nodeName);
    if (refused !== undefined) {
      this.#unreserve(attempt, assumed, nodeName);
      this.#refuse(attempt, assumed, nodeName, refused);
      return;
    }
    const limitsMs = new Map<string, number>();
    for (const plugin of profile.lists.permit) {
      const { status, timeoutMs } = plugin.permit!(state, assumed, nodeName);
      if (status === undefined) continue;
      if (status.code === 'Wait') {
        limitsMs.set(plugin.name, timeoutMs ?? 15 * 60_000);
        continue;
      }
      this.#unreserve(attempt, assumed, nodeName);
      this.#refuse(attempt, assumed, nodeName, status.of(plugin.name));
      return;
    }
    const permission = limitsMs.size === 0 ? undefined : this.waiting.wait(pod.uid, limitsMs);
    this.#bindings++;
    this.#track(
      this.#bindingCycle(attempt, assumed, nodeName, permission).finally(() => {
        this.#bindings--;
        if (this.#bindings === limitBindings - 1) this.#kick();
      }),
    );
  }

  #reserve(attempt: Attempt, pod: PodInfo, nodeName: string): Status | undefined {
    for (const plugin of attempt.profile.lists.reserve) {
      const status = plugin.reserve!(attempt.state, pod, nodeName);
      if (status === undefined) continue;
      if (status.rejected) return status.of(plugin.name);
      const text = `running Reserve plugin "${plugin.name}": ${status.message}`;
      return failure(plugin.name, new Error(text));
    }
    return undefined;
  }

  #unreserve(attempt: Attempt, pod: PodInfo, nodeName: string): void {
    for (const plugin of attempt.profile.lists.reserve.toReversed()) {
      plugin.unreserve?.(attempt.state, pod, nodeName);
    }
    this.cache.forget(pod.uid);
  }

  /** A plugin turned the chosen node down after all. */
  #refuse(attempt: Attempt, pod: PodInfo, nodeName: string, status: Status): void {
    if (!status.rejected) {
      this.#fail(attempt, pod, status, undefined, '');
      return;
    }
    const statuses = new NodeStatuses();
    statuses.set(nodeName, status);
    const diagnosis: Diagnosis = {
      nodeCount: 1,
      statuses,
      rejecting: new Set(status.code === 'Pending' ? [] : [status.plugin]),
      pending: new Set(status.code === 'Pending' ? [status.plugin] : []),
      preFilterMessage: '',
      postFilterMessage: '',
    };
    this.#fail(attempt, pod, new Status(status.code, '', [fitMessage(diagnosis)]), diagnosis, '');
  }

  async #bindingCycle(
    attempt: Attempt,
    pod: PodInfo,
    nodeName: string,
    permission: Promise<Status | undefined> | undefined,
  ): Promise<void> {
    let status: Status | undefined;
    try {
      status = await permission;
      if (status === undefined) {
        // From here on a failure is nobody's rejection: the pod backs off and is tried again.
        this.queue.done(pod.uid);
        status = await this.#bind(attempt, pod, nodeName);
      }
    } catch (e) {
      status = failure('', e);
    }
    if (status !== undefined) {
      this.#bindingFailed(attempt, pod, nodeName, status);
      return;
    }
    const { queued, profile } = attempt;
    this.#options.recordEvent(
      pod.pod,
      undefined,
      'Normal',
      'Scheduled',
      'Binding',
      `Successfully assigned ${pod.key} to ${nodeName}`,
    );
    const seconds = (performance.now() - attempt.startMs) / 1000;
    this.metrics.attempt('scheduled', profile.schedulerName, seconds);
    const since = queued.firstTriedAtMs ?? queued.queuedAtMs;
    this.metrics.bound(queued.attempts, (this.#options.clock.now() - since) / 1000);
    for (const plugin of profile.lists.postBind) plugin.postBind!(attempt.state, pod, nodeName);
  }

  async #bind(attempt: Attempt, pod: PodInfo, nodeName: string): Promise<Status | undefined> {
    const { profile, state } = attempt;
    const preparing = profile.lists.preBind.filter(
      (plugin) => plugin.needsPreBind?.(state, pod, nodeName) ?? true,
    );
    if (preparing.length > 0) {
      const status = await this.waiting.prepare(pod.uid, async (signal) => {
        for (const plugin of preparing) {
          const answer = await plugin.preBind!(state, pod, nodeName, signal);
          if (answer === undefined || answer.code === 'Skip') continue;
          if (answer.rejected) return answer.of(plugin.name);
          const text = `running PreBind plugin "${plugin.name}": ${answer.message}`;
          return failure(plugin.name, new Error(text, { cause: answer.error }));
        }
        return undefined;
      });
      if (status !== undefined) return status;
    }
    for (const plugin of profile.lists.bind) {
      const answer = await plugin.bind!(state, pod, nodeName);
      if (answer === undefined) return undefined;
      if (answer.code === 'Skip') continue;
      const text = `running Bind plugin "${plugin.name}": ${answer.message}`;
      return failure(plugin.name, new Error(text, { cause: answer.error }));
    }
    return failure('', new Error('no bind plugin took the pod'));
  }

  #bindingFailed(attempt: Attempt, pod: PodInfo, nodeName: string, status: Status): void {
    this.#unreserve(attempt, pod, nodeName);
    // Its place is free again, which may help others (but not the pod itself, if it was rejected).
    const others = status.rejected ? (other: PodInfo) => other.uid !== pod.uid : undefined;
    this.queue.moveAll(events.assignedPodDelete, pod.pod, undefined, others);
    if (status.rejected) this.#refuse(attempt, pod, nodeName, status);
    else this.#fail(attempt, pod, status, undefined, '');
  }

  /** Puts the pod back, tells the user why, and notes a nomination ('' clears one). */
  #fail(
    attempt: Attempt,
    pod: PodInfo,
    status: Status,
    diagnosis: Diagnosis | undefined,
    nominatedNodeName: string | undefined,
  ): void {
    const { queued, profile } = attempt;
    const seconds = (performance.now() - attempt.startMs) / 1000;
    const result = status.rejected ? 'unschedulable' : 'error';
    this.metrics.attempt(result, profile.schedulerName, seconds);
    queued.rejecting = diagnosis?.rejecting ?? new Set();
    queued.pending = diagnosis?.pending ?? new Set();
    this.metrics.rejected(queued.rejecting, profile.schedulerName);
    const current = this.#options.listers.pods.get(pod.namespace, pod.name);
    if (current === undefined || current.spec?.nodeName || current.metadata?.uid !== pod.uid) {
      this.queue.done(pod.uid);
      return;
    }
    if (current !== queued.info.pod) queued.info = new PodInfo(current);
    if (nominatedNodeName !== undefined) {
      this.queue.nominator.nominate(queued.info, nominatedNodeName);
    }
    this.queue.addUnschedulable(queued);
    const message = status.message;
    this.#options.recordEvent(
      current,
      undefined,
      'Warning',
      'FailedScheduling',
      'Scheduling',
      truncateNote(message),
    );
    this.#writeStatus(current, {
      condition: { reason: status.rejected ? 'Unschedulable' : 'SchedulerError', message },
      ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
    });
  }

  #writeStatus(pod: Pod, change: StatusChange): void {
    const patch = statusPatch(pod, change, this.#options.clock.now());
    if (patch === undefined) return;
    const { namespace, name = '' } = pod.metadata ?? {};
    this.#inBackground('writing a pod status', async () => {
      try {
        const options = { type: 'strategic', subresource: 'status' } as const;
        await this.#options.client.patch(pods, { namespace, name }, patch, options);
      } catch (e) {
        // Gone, or made again under the same name: nobody is left to be told.
        if (!hasReason(e, 'NotFound', 'Conflict')) throw e;
      }
    });
  }

  #inBackground(what: string, work: (signal: AbortSignal) => Promise<void>): void {
    this.#track(
      work(this.#stop.signal).catch((e: unknown) => {
        if (this.#stop.signal.aborted) return;
        this.#options.log.error(errorFields(e), `${what} failed`);
      }),
    );
  }

  #track(promise: Promise<void>): void {
    this.#background.add(promise);
    void promise.finally(() => this.#background.delete(promise));
  }
}
