/**
 * Where pods wait: active (tried next, in order of priority), backing off, or unschedulable (until
 * something happens that a plugin which rejected them said might help, or five minutes passed).
 */
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { PodInfo } from '../cache/pod-info.ts';
import { type ClusterEvent, events } from '../cluster-event.ts';
import { podChanges } from '../object-changes.ts';
import { type BackoffLimits, BackoffQueue } from './backoff.ts';
import { KeyedHeap } from './heap.ts';
import { InFlight } from './in-flight.ts';
import { Nominator } from './nominator.ts';
import { QueuedPod } from './queued-pod.ts';
import { better, type QueueProfile, type Strategy, WakeRules } from './wake-rules.ts';

export type QueueName = 'active' | 'backoff' | 'unschedulable';

export interface QueueOptions {
  readonly clock: Clock;
  readonly less: (a: QueuedPod, b: QueuedPod) => boolean;
  /** By schedulerName. */
  readonly profiles: ReadonlyMap<string, QueueProfile>;
  readonly backoff: BackoffLimits;
  /** The longest a pod stays unschedulable without being tried. */
  readonly maxUnschedulableMs: number;
  /** Called when there may be a pod to pop. */
  readonly onActive: () => void;
  /** Called for each entry into a queue, for metrics. */
  readonly onEntry?: (queue: QueueName, event: string) => void;
}

const flushEveryMs = 30_000;

export class SchedulingQueue {
  readonly nominator = new Nominator();
  readonly #options: QueueOptions;
  readonly #active: KeyedHeap<QueuedPod>;
  readonly #backoff: BackoffQueue;
  readonly #unschedulable = new Map<string, QueuedPod>();
  readonly #inFlight = new InFlight();
  readonly #rules: WakeRules;
  #cancelBackoff: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#rules = new WakeRules(options.profiles);
    this.#active = new KeyedHeap((pod) => pod.info.uid, options.less);
    this.#backoff = new BackoffQueue(options.backoff, options.less);
  }

  /** Pods per queue; `gated` ones are unschedulable ones that a gate keeps out. */
  counts(): Record<QueueName | 'gated', number> {
    let gated = 0;
    for (const pod of this.#unschedulable.values()) if (pod.gatedBy !== '') gated++;
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size - gated,
      gated,
    };
  }

  /** Which queue a pod is in. */
  where(uid: string): QueueName | undefined {
    if (this.#active.get(uid) !== undefined) return 'active';
    if (this.#backoff.get(uid) !== undefined) return 'backoff';
    return this.#unschedulable.has(uid) ? 'unschedulable' : undefined;
  }

  /** A new pod. */
  add(pod: Pod): void {
    this.#enter(new QueuedPod(new PodInfo(pod), this.#now()), events.unscheduledPodAdd.label);
  }

  /** A waiting pod that changed; one that is in no queue is added. */
  update(before: Pod, after: Pod): void {
    const uid = after.metadata?.uid ?? '';
    const changes = podChanges(before, after);
    if (this.#inFlight.has(uid)) {
      for (const event of changes) this.#inFlight.note({ event, before, after });
      return;
    }
    const queued = this.#find(uid);
    if (queued === undefined) {
      this.#enter(
        new QueuedPod(new PodInfo(after), this.#now()),
        events.unscheduledPodUpdate.label,
      );
      return;
    }
    const old = queued.info;
    queued.info = new PodInfo(after);
    this.nominator.update(old, queued.info);
    if (this.#active.get(uid) !== undefined) this.#active.set(queued);
    else if (this.#backoff.get(uid) !== undefined) this.#backoff.add(queued);
    else this.#reconsider(queued, changes, before, after);
  }

  /** The pod is gone, or was bound by someone else. */
  delete(uid: string): void {
    this.nominator.withdraw(uid);
    if (this.#active.delete(uid) !== undefined) return;
    if (this.#backoff.delete(uid) !== undefined) return;
    this.#unschedulable.delete(uid);
  }

  /** The next pod to try; it counts as in flight until `done` or `addUnschedulable`. */
  pop(): QueuedPod | undefined {
    let pod = this.#active.pop();
    if (pod === undefined) {
      pod = this.#backoff.popEarly();
      if (pod === undefined) return undefined;
      this.#options.onEntry?.('active', 'PopFromBackoffQ');
    }
    pod.attempts++;
    pod.backoffUntilMs = undefined;
    pod.firstTriedAtMs ??= this.#now();
    this.#inFlight.take(pod.info.uid);
    return pod;
  }

  /** The pod found a node, or is no longer of interest. */
  done(uid: string): void {
    this.#inFlight.done(uid);
  }

  /** Takes back a pod that was tried in vain; its plugins are set by the caller. */
  addUnschedulable(pod: QueuedPod): void {
    const uid = pod.info.uid;
    if (this.where(uid) !== undefined) {
      this.#inFlight.done(uid);
      return;
    }
    if (pod.failed) pod.errorCount++;
    else {
      pod.unschedulableCount++;
      pod.errorCount = 0;
    }
    pod.queuedAtMs = this.#now();
    pod.backoffUntilMs = undefined;
    const missed = this.#inFlight.since(uid);
    this.#inFlight.done(uid);
    let strategy: Strategy = pod.failed ? 'backoff' : 'skip';
    for (const { event, before, after } of missed) {
      strategy = better(strategy, this.#rules.strategy(pod, event, before, after));
    }
    this.#requeue(pod, strategy, 'ScheduleAttemptFailure');
  }

  /** Something happened: waiting pods it may help are moved. */
  moveAll(
    event: ClusterEvent,
    before: unknown,
    after: unknown,
    only?: (pod: PodInfo) => boolean,
  ): void {
    this.#inFlight.note({ event, before, after });
    if (this.#unschedulable.size === 0 || !this.#rules.interests(event)) return;
    for (const pod of [...this.#unschedulable.values()]) {
      if (only !== undefined && !only(pod.info)) continue;
      if (pod.gatedBy !== '' && !this.#rules.gateCares(pod, event)) continue;
      const strategy = this.#rules.strategy(pod, event, before, after);
      if (strategy === 'skip') continue;
      this.#unschedulable.delete(pod.info.uid);
      this.#requeue(pod, strategy, event.label);
    }
  }

  /** Moves these pods to the active queue now; one being tried is tried again when it returns. */
  activate(pods: readonly PodInfo[]): void {
    for (const { uid, pod } of pods) {
      const queued = this.#unschedulable.get(uid) ?? this.#backoff.delete(uid);
      if (queued !== undefined) this.#enter(queued, events.forceActivate.label);
      else if (this.#inFlight.has(uid)) {
        this.#inFlight.note({ event: events.forceActivate, before: undefined, after: pod });
      }
    }
  }

  /** Cancels the timers. */
  close(): void {
    this.#cancelBackoff?.();
    this.#cancelFlush?.();
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #find(uid: string): QueuedPod | undefined {
    return this.#active.get(uid) ?? this.#backoff.get(uid) ?? this.#unschedulable.get(uid);
  }

  #reconsider(pod: QueuedPod, changes: readonly ClusterEvent[], before: Pod, after: Pod): void {
    for (const event of changes) {
      const strategy = this.#rules.strategy(pod, event, before, after);
      if (strategy === 'skip') continue;
      this.#unschedulable.delete(pod.info.uid);
      this.#requeue(pod, strategy, event.label);
      if (!this.#unschedulable.has(pod.info.uid)) return;
    }
  }

  #requeue(pod: QueuedPod, strategy: Strategy, event: string): void {
    if (strategy === 'skip') this.#park(pod, event);
    else if (strategy === 'now' || !this.#backoff.isWaiting(pod, this.#now())) {
      this.#enter(pod, event);
    } else if (this.#gate(pod)) this.#park(pod, event);
    else {
      this.#backoff.add(pod);
      this.#options.onEntry?.('backoff', event);
      this.#armBackoff();
      // With nothing else to do the scheduler takes it early.
      this.#options.onActive();
    }
  }

  /** Into the active queue, unless a gate keeps it out. */
  #enter(pod: QueuedPod, event: string): void {
    if (this.#gate(pod)) {
      this.#park(pod, event);
      return;
    }
    this.#unschedulable.delete(pod.info.uid);
    this.#active.set(pod);
    if (pod.info.nominatedNodeName !== '') {
      this.nominator.nominate(pod.info, pod.info.nominatedNodeName);
    }
    this.#options.onEntry?.('active', event);
    this.#options.onActive();
  }

  #park(pod: QueuedPod, event: string): void {
    this.#unschedulable.set(pod.info.uid, pod);
    this.#options.onEntry?.('unschedulable', event);
    this.#armFlush();
  }

  /** Asks the gates; true when one keeps the pod out. */
  #gate(pod: QueuedPod): boolean {
    const gates = this.#rules.profileOf(pod)?.preEnqueue ?? [];
    for (const plugin of gates) {
      if (plugin.preEnqueue!(pod.info) === undefined) continue;
      pod.gatedBy = plugin.name;
      if (!pod.rejecting.has(plugin.name)) pod.rejecting = new Set([...pod.rejecting, plugin.name]);
      return true;
    }
    pod.gatedBy = '';
    return false;
  }

  #armBackoff(): void {
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
    const next = this.#backoff.nextMs();
    if (next === undefined) return;
    const waitMs = Math.max(0, next - this.#now());
    this.#cancelBackoff = this.#options.clock.after(waitMs, () => {
      this.#cancelBackoff = undefined;
      for (;;) {
        const ready = this.#backoff.popReady(this.#now());
        if (ready === undefined) break;
        this.#enter(ready, 'BackoffComplete');
      }
      this.#armBackoff();
    });
  }

  #armFlush(): void {
    if (this.#cancelFlush !== undefined) return;
    this.#cancelFlush = this.#options.clock.after(flushEveryMs, () => {
      this.#cancelFlush = undefined;
      const before = this.#now() - this.#options.maxUnschedulableMs;
      const event = events.unschedulableTimeout;
      for (const pod of [...this.#unschedulable.values()]) {
        if (pod.queuedAtMs >= before) continue;
        this.#unschedulable.delete(pod.info.uid);
        this.#requeue(pod, this.#rules.strategy(pod, event, undefined, undefined), event.label);
      }
      if (this.#unschedulable.size > 0) this.#armFlush();
    });
  }
}
