/** From a chosen node to a bound pod: reserve, permission, preparations, binding. */
import type { Clock } from '../machinery/meta/clock.ts';
import { type Attempt, secondsOf } from './attempt.ts';
import type { Cache } from './cache/cache.ts';
import type { PodInfo } from './cache/pod-info.ts';
import { events } from './cluster-event.ts';
import type { FailureHandler } from './failure-handler.ts';
import type { EventSink } from './framework.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';
import { failure, type Status } from './status.ts';
import type { WaitingPods } from './waiting-pods.ts';

export interface BindingCycleDeps {
  readonly clock: Clock;
  readonly recordEvent: EventSink;
  readonly cache: Cache;
  readonly queue: SchedulingQueue;
  readonly waiting: WaitingPods;
  readonly metrics: SchedulerMetrics;
  readonly failures: FailureHandler;
}

/** A plugin that says "Wait" without a limit waits this long. */
const longestWaitMs = 15 * 60_000;

export class BindingCycle {
  readonly #deps: BindingCycleDeps;

  constructor(deps: BindingCycleDeps) {
    this.#deps = deps;
  }

  /**
   * Takes the place on the node and asks for permission, at once. Returns what remains, to be run
   * in the background; undefined when a plugin refused and the pod is back in the queue.
   */
  begin(attempt: Attempt, pod: PodInfo, nodeName: string): (() => Promise<void>) | undefined {
    const { cache, queue, waiting, failures } = this.#deps;
    cache.assume(pod);
    queue.nominator.withdraw(pod.uid);
    const limitsMs = new Map<string, number>();
    const refused =
      this.#reserve(attempt, pod, nodeName) ?? permit(attempt, pod, nodeName, limitsMs);
    if (refused !== undefined) {
      this.#unreserve(attempt, pod, nodeName);
      failures.refuse(attempt, pod, nodeName, refused);
      return undefined;
    }
    const permission = limitsMs.size === 0 ? undefined : waiting.wait(pod.uid, limitsMs);
    return () => this.#run(attempt, pod, nodeName, permission);
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
    this.#deps.cache.forget(pod.uid);
  }

  async #run(
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
        this.#deps.queue.done(pod.uid);
        status =
          (await this.#prepare(attempt, pod, nodeName)) ?? (await bind(attempt, pod, nodeName));
      }
    } catch (e) {
      status = failure('', e);
    }
    if (status !== undefined) {
      this.#failed(attempt, pod, nodeName, status);
      return;
    }
    this.#bound(attempt, pod, nodeName);
  }

  async #prepare(attempt: Attempt, pod: PodInfo, nodeName: string): Promise<Status | undefined> {
    const { profile, state } = attempt;
    const preparing = profile.lists.preBind.filter(
      (plugin) => plugin.needsPreBind?.(state, pod, nodeName) ?? true,
    );
    if (preparing.length === 0) return undefined;
    return this.#deps.waiting.prepare(pod.uid, async (signal) => {
      for (const plugin of preparing) {
        const answer = await plugin.preBind!(state, pod, nodeName, signal);
        if (answer === undefined || answer.code === 'Skip') continue;
        if (answer.rejected) return answer.of(plugin.name);
        return wrapped('PreBind', plugin.name, answer);
      }
      return undefined;
    });
  }

  #failed(attempt: Attempt, pod: PodInfo, nodeName: string, status: Status): void {
    this.#unreserve(attempt, pod, nodeName);
    // Its place is free again, which may help others (but not the pod itself, if it was rejected).
    const others = status.rejected ? (other: PodInfo) => other.uid !== pod.uid : undefined;
    this.#deps.queue.moveAll(events.assignedPodDelete, pod.pod, undefined, others);
    this.#deps.failures.refuse(attempt, pod, nodeName, status);
  }

  #bound(attempt: Attempt, pod: PodInfo, nodeName: string): void {
    const { recordEvent, metrics, clock } = this.#deps;
    const { queued, profile, state } = attempt;
    const note = `Successfully assigned ${pod.key} to ${nodeName}`;
    recordEvent(pod.pod, undefined, 'Normal', 'Scheduled', 'Binding', note);
    metrics.attempt('scheduled', profile.schedulerName, secondsOf(attempt));
    const since = queued.firstTriedAtMs ?? queued.queuedAtMs;
    metrics.bound(queued.attempts, (clock.now() - since) / 1000);
    for (const plugin of profile.lists.postBind) plugin.postBind!(state, pod, nodeName);
  }
}

/** Fills in the limits of plugins that want to wait; returns the first refusal. */
function permit(
  attempt: Attempt,
  pod: PodInfo,
  nodeName: string,
  limitsMs: Map<string, number>,
): Status | undefined {
  for (const plugin of attempt.profile.lists.permit) {
    const { status, timeoutMs } = plugin.permit!(attempt.state, pod, nodeName);
    if (status === undefined) continue;
    if (status.code !== 'Wait') return status.of(plugin.name);
    limitsMs.set(plugin.name, timeoutMs ?? longestWaitMs);
  }
  return undefined;
}

async function bind(
  { profile, state }: Attempt,
  pod: PodInfo,
  nodeName: string,
): Promise<Status | undefined> {
  for (const plugin of profile.lists.bind) {
    const answer = await plugin.bind!(state, pod, nodeName);
    if (answer === undefined) return undefined;
    if (answer.code !== 'Skip') return wrapped('Bind', plugin.name, answer);
  }
  return failure('', new Error('no bind plugin took the pod'));
}

function wrapped(point: string, plugin: string, answer: Status): Status {
  const text = `running ${point} plugin "${plugin}": ${answer.message}`;
  return failure(plugin, new Error(text, { cause: answer.error }));
}
