/**
 * The life of one pod on the node: run (sync), end its containers (terminating), free what it held
 * (terminated), done (finished). One step at a time; a step is due when something changed or a
 * time has come.
 */
import { errorFields } from '../../client/log.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { PodCondition, PodStatus } from '../../machinery/schema/wire.ts';
import { podStatus } from '../status/pod-status.ts';
import { VolumeError, type VolumeSetup } from '../volumes/volume-manager.ts';
import { isEmptyPlan, type PlanInput, plan } from './plan.ts';
import {
  isDeleted,
  isHostNetwork,
  isTerminalPhase,
  type NodePod,
  podReference,
  podText,
} from './pod.ts';
import { emptyPodState, type PodState } from './pod-state.ts';
import { type KnownFailure, PodSyncer } from './pod-syncer.ts';
import { pruneDead } from './prune.ts';
import { withResources } from './resize.ts';
import { resizeEventText } from './resize-events.ts';
import { triggersRestartAll } from './restart.ts';
import { fingerprintOf } from './runtime-view.ts';
import type { Refusal, WorkerDeps } from './worker-deps.ts';

export type WorkerPhase = 'sync' | 'terminating' | 'terminated' | 'finished';

export interface WorkerOptions {
  readonly deps: WorkerDeps;
  readonly pod: NodePod;
  /** The runtime has nothing of the pod: nobody needs to ask it. */
  readonly knownEmpty: boolean;
  /** The worker reached `finished`. */
  readonly onFinished: (worker: PodWorker) => void;
}

/** After an error that says nothing of when to try again: doubling from the first to the last. */
const firstRetryMs = 1000;
const maxRetryMs = 10_000;
/** Steps in a row that achieved nothing new are slowed down to this. */
const idleSpinLimit = 10;
const spinPauseMs = 1000;
const networkRetryMs = 500;

export class PodWorker {
  readonly uid: string;
  private readonly deps: WorkerDeps;
  private readonly onFinished: (worker: PodWorker) => void;
  /** As the API has it now. */
  private latest: NodePod;
  private stage: WorkerPhase = 'sync';
  private state: PodState;
  private stale: boolean;
  private due = false;
  private stepping = false;
  private closed = false;
  private cancelTimer: (() => void) | undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private failuresInRow = 0;
  private spins = 0;
  private readonly failures = new Map<string, KnownFailure>();
  private abort = new AbortController();
  /** The pod is gone from the API, or the kubelet ends it. */
  private ending = false;
  private refused = false;
  private verdict: Refusal | undefined;
  private disruption: PodCondition | undefined;
  private graceSeconds: number | undefined;
  private volumes: VolumeSetup | undefined;
  private volumesDue = true;
  private readonly resizeConditions = new Map<string, PodCondition>();
  private startedAtMs: number | undefined;

  constructor(options: WorkerOptions) {
    const { deps, pod, knownEmpty, onFinished } = options;
    this.deps = deps;
    this.latest = pod;
    this.onFinished = onFinished;
    const { uid, name, namespace } = pod.metadata;
    this.uid = uid;
    this.state = emptyPodState(uid, name, namespace);
    this.stale = !knownEmpty;
  }

  get pod(): NodePod {
    return this.latest;
  }

  get phase(): WorkerPhase {
    return this.stage;
  }

  /** The last known state of the runtime. */
  get observed(): PodState {
    return this.state;
  }

  /** What the overview of the runtime shows for this pod if nothing changed since. */
  get fingerprint(): string {
    return fingerprintOf(this.state);
  }

  /** Containers of the pod may be running. */
  get mayRun(): boolean {
    return this.stage === 'sync' || this.stage === 'terminating';
  }

  /** The pod with the resources that it has been granted. */
  get granted(): NodePod {
    return withResources(this.latest, this.deps.ledger.granted(this.uid));
  }

  /** A new state of the object. */
  update(pod: NodePod): void {
    this.latest = pod;
    this.volumesDue = true;
    this.noteEnd();
    this.wake();
  }

  /** The pod is gone from the API: end it, whatever its grace period was about to be. */
  removed(pod: NodePod | undefined): void {
    if (pod !== undefined) this.latest = pod;
    this.ending = true;
    this.noteEnd();
    this.wake();
  }

  /** Ends the pod for a reason of the node's: eviction, shutdown. */
  evict(verdict: Refusal, graceSeconds: number | undefined, condition?: PodCondition): void {
    this.verdict = verdict;
    this.disruption = condition;
    this.ending = true;
    if (graceSeconds !== undefined) this.shortenGrace(graceSeconds);
    this.noteEnd();
    this.wake();
  }

  /** Looks at the pod again; at the runtime too when `stale`. */
  wake(stale = false): void {
    if (stale) this.stale = true;
    this.due = true;
    if (!this.stepping && !this.closed) void this.run();
  }

  /** An object that volumes are made of has changed. */
  objectChanged(): void {
    this.volumesDue = true;
    this.wake();
  }

  /** The node does not take the pod: nothing of it ever starts. */
  reject(): void {
    this.ending = true;
    this.refused = true;
  }

  /** Stops the worker; containers are left as they are. */
  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    this.abort.abort();
  }

  private noteEnd(): void {
    if (this.stage !== 'sync' && this.stage !== 'terminating') return;
    const { metadata } = this.latest;
    const wanted = metadata.deletionGracePeriodSeconds;
    if (isDeleted(this.latest) && wanted !== undefined) this.shortenGrace(wanted);
    if (this.stage === 'sync' && (this.ending || isDeleted(this.latest))) {
      // What is under way (a pull, a hook, a wait) is not needed any more.
      this.abort.abort();
    }
  }

  private shortenGrace(seconds: number): void {
    if (this.graceSeconds !== undefined && seconds >= this.graceSeconds) return;
    const changed = this.graceSeconds !== undefined;
    this.graceSeconds = seconds;
    // A kill that waits for the longer period starts over with the shorter one.
    if (changed && this.stage === 'terminating') this.abort.abort();
  }

  private async run(): Promise<void> {
    this.stepping = true;
    try {
      while (this.due && !this.closed) {
        this.due = false;
        this.clearTimer();
        if (this.abort.signal.aborted) this.abort = new AbortController();
        try {
          await this.step();
          this.failuresInRow = 0;
        } catch (error) {
          if (this.closed) return;
          this.failed(error);
        }
      }
    } finally {
      this.stepping = false;
    }
  }

  private failed(error: unknown): void {
    const { log, clock } = this.deps;
    // Cut short on purpose: the next step is due already, or comes now.
    if (this.abort.signal.aborted) {
      this.due = true;
      return;
    }
    if (error instanceof VolumeError) {
      this.wakeAt(error.retryAtMs);
      return;
    }
    log.error(
      { ...errorFields(error), pod: podText(this.latest), phase: this.stage },
      'pod step failed',
    );
    const delay = Math.min(maxRetryMs, firstRetryMs * 2 ** this.failuresInRow);
    this.failuresInRow++;
    this.stale = true;
    this.wakeAt(clock.now() + delay);
  }

  private wakeAt(ms: number): void {
    if (ms >= this.timerAtMs) return;
    this.clearTimer();
    this.timerAtMs = ms;
    const { clock } = this.deps;
    this.cancelTimer = clock.after(Math.max(0, ms - clock.now()), () => this.wake());
  }

  private clearTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
  }

  private step(): Promise<void> {
    switch (this.stage) {
      case 'sync':
        return this.sync();
      case 'terminating':
        return this.terminate();
      case 'terminated':
        return this.release();
      default:
        return Promise.resolve();
    }
  }

  private async observe(): Promise<void> {
    if (!this.stale) return;
    this.stale = false;
    const { name, namespace } = this.latest.metadata;
    const before = this.state;
    this.state = await this.deps.view.read(this.uid, name, namespace);
    // Between sandboxes and after the last one, a pod keeps the address it had.
    const between = !this.state.sandboxes.some((s) => s.ready);
    if (between && this.state.ips.length === 0) this.state = { ...this.state, ips: before.ips };
  }

  /** Works out the status and hands it on. */
  private publish(pod: NodePod, terminal: boolean): PodStatus {
    const { status, probes, node, ledger } = this.deps;
    // What the refusal says is all there is to say.
    if (this.refused) return status.get(this.uid) ?? {};
    const next = podStatus({
      pod,
      state: this.state,
      old: status.get(this.uid) ?? this.latest.status ?? {},
      runtimeName: node.runtimeName,
      failures: this.failures,
      probes,
      hostIps: node.hostIps(),
      terminal,
      verdict: this.verdict,
      disruption: this.disruption,
      recursiveReadOnly: node.recursiveReadOnly(),
      resize: terminal ? [] : [...this.resizeConditions.values()],
      given: (name) => ledger.given(pod, name),
    });
    const complete = status.set(pod, next);
    probes.observe(this.uid, complete);
    this.startedAtMs ??= Date.parse(complete.startTime ?? '') || undefined;
    return complete;
  }

  private async sync(): Promise<void> {
    const { deps } = this;
    if (this.ending || isDeleted(this.latest) || isTerminalPhase(this.latest.status?.phase)) {
      this.enter('terminating');
      return;
    }
    await this.observe();
    await this.grantResources();
    const pod = this.granted;
    if (this.pastDeadline(pod)) return;
    const status = this.publish(pod, false);
    if (isTerminalPhase(status.phase)) {
      this.enter('terminating');
      return;
    }
    if (!(await this.prepare(pod))) return;
    const restartAll = triggersRestartAll(pod, this.state, status);
    const steps = plan(pod, this.state, this.planInput(pod, restartAll));
    if (isEmptyPlan(steps)) {
      this.spins = 0;
      this.resized(pod);
      await pruneDead(pod, this.state, deps);
      return;
    }
    if (steps.resize.length > 0) this.setResize('PodResizeInProgress', pod, '', '');
    const outcome = await new PodSyncer(deps, {
      pod,
      state: this.state,
      plan: steps,
      volumes: this.volumes!.mounted,
      failures: this.failures,
      onSandboxReady: (state) => {
        this.state = state;
        this.publish(pod, false);
      },
      signal: this.abort.signal,
    }).run();
    this.afterSync(pod, outcome);
  }

  private afterSync(
    pod: NodePod,
    outcome: { acted: boolean; retryAtMs: number | undefined; resizeError: string | undefined },
  ): void {
    const { clock, recorder } = this.deps;
    if (outcome.resizeError !== undefined) {
      const changed = this.setResize('PodResizeInProgress', pod, 'Error', outcome.resizeError);
      const text = resizeEventText('Pod resize error', pod, outcome.resizeError);
      if (changed) recorder.event(podReference(pod), 'Warning', 'ResizeError', text);
    }
    if (outcome.acted) {
      this.stale = true;
      // The runtime may not show at once what was done: ask again, but not in a frenzy.
      if (++this.spins < idleSpinLimit) this.due = true;
      else this.wakeAt(clock.now() + spinPauseMs);
    } else {
      this.publish(pod, false);
    }
    if (outcome.retryAtMs === undefined) return;
    if (Number.isFinite(outcome.retryAtMs)) {
      this.wakeAt(outcome.retryAtMs);
      return;
    }
    const delay = Math.min(maxRetryMs, firstRetryMs * 2 ** this.failuresInRow++);
    this.wakeAt(clock.now() + delay);
  }

  /** Network, groups, folders, volumes, probes. False: not now. */
  private async prepare(pod: NodePod): Promise<boolean> {
    const { node, recorder, cgroups, objects, volumes, probes, clock } = this.deps;
    const problem = node.networkProblem();
    const needsNetwork = !isHostNetwork(pod) && !this.state.sandboxes[0]?.ready;
    if (problem !== undefined && needsNetwork) {
      const text = `network is not ready: ${problem}`;
      recorder.event(podReference(pod), 'Warning', 'NetworkNotReady', text);
      this.wakeAt(clock.now() + networkRetryMs);
      return false;
    }
    objects.register(this.latest);
    try {
      await cgroups.ensure(pod);
    } catch (error) {
      const text = `unable to ensure pod container exists: ${(error as Error).message}`;
      recorder.event(podReference(pod), 'Warning', 'FailedCreatePodContainer', text);
      throw error;
    }
    await this.setUpVolumes(pod, volumes);
    probes.add(pod);
    return true;
  }

  private async setUpVolumes(pod: NodePod, volumes: WorkerDeps['volumes']): Promise<void> {
    const { clock, node } = this.deps;
    const refreshAt = this.volumes?.refreshAtMs;
    const expired = refreshAt !== undefined && clock.now() >= refreshAt;
    if (this.volumesDue || expired || this.volumes === undefined) {
      this.volumesDue = false;
      try {
        await volumes.makePodDirs(this.uid);
        const hostIps = node.hostIps();
        const facts = { podIps: this.state.ips, hostIps, allocatable: node.allocatable() };
        this.volumes = await volumes.setUp(pod, facts);
      } catch (error) {
        this.volumesDue = true;
        throw error;
      }
    }
    const next = this.volumes.refreshAtMs;
    if (next !== undefined) this.wakeAt(next);
  }

  private planInput(pod: NodePod, restartAll: boolean): PlanInput {
    const { probes, node, ledger } = this.deps;
    const full = (id: string): string => `${node.runtimeName}://${id}`;
    return {
      liveness: (id) => probes.liveness(full(id)),
      startup: (id) => probes.startup(full(id)),
      restartAll,
      actuated: (name) => ledger.givenSummary(pod, name),
    };
  }

  /** Ends a pod that has been active for longer than it may. */
  private pastDeadline(pod: NodePod): boolean {
    const limit = pod.spec.activeDeadlineSeconds;
    if (limit === undefined || this.startedAtMs === undefined) return false;
    const at = this.startedAtMs + limit * 1000;
    if (this.deps.clock.now() < at) {
      this.wakeAt(at);
      return false;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    this.deps.recorder.event(podReference(pod), 'Normal', 'DeadlineExceeded', message);
    this.verdict = { reason: 'DeadlineExceeded', message };
    this.enter('terminating');
    return true;
  }

  /** Grants a change of resources if the node has room, and says so in the conditions. */
  private async grantResources(): Promise<void> {
    const { ledger, resizeRefusal, recorder } = this.deps;
    const pod = this.latest;
    const granted = ledger.granted(this.uid);
    if (granted.size === 0) {
      await ledger.grant(pod);
      return;
    }
    if (withResources(pod, granted) === pod || sameResources(pod, this.granted)) {
      this.resizeConditions.delete('PodResizePending');
      return;
    }
    const refusal = resizeRefusal(pod);
    if (refusal === undefined) {
      await ledger.grant(pod);
      this.resizeConditions.delete('PodResizePending');
      this.resizeConditions.delete('PodResizeInProgress');
      this.setResize('PodResizeInProgress', pod, '', '');
      const text = resizeEventText('Pod resize started', pod);
      recorder.event(podReference(pod), 'Normal', 'ResizeStarted', text);
      return;
    }
    const { reason, message } = refusal;
    if (this.setResize('PodResizePending', pod, reason, message)) {
      const text = resizeEventText(`Pod resize ${reason}`, pod, message);
      recorder.event(podReference(pod), 'Warning', `Resize${reason}`, text);
    }
  }

  /** Notes a condition of a resize; true when it is new or says something else now. */
  private setResize(type: string, pod: NodePod, reason: string, message: string): boolean {
    const old = this.resizeConditions.get(type);
    const generation = old?.observedGeneration ?? pod.metadata.generation;
    const condition: PodCondition = {
      type,
      status: 'True',
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    };
    this.resizeConditions.set(type, condition);
    return !deepEqual(old, condition);
  }

  /** Nothing is left to resize. */
  private resized(pod: NodePod): void {
    if (!this.resizeConditions.delete('PodResizeInProgress')) return;
    const text = resizeEventText('Pod resize completed', pod);
    this.deps.recorder.event(podReference(pod), 'Normal', 'ResizeCompleted', text);
    this.publish(pod, false);
  }

  private enter(stage: WorkerPhase): void {
    this.stage = stage;
    this.due = true;
    this.failuresInRow = 0;
  }

  private async terminate(): Promise<void> {
    const { probes, killer, recorder } = this.deps;
    const pod = this.granted;
    await this.observe();
    this.publish(pod, false);
    probes.stopLivenessAndStartup(this.uid);
    try {
      await killer.killPod(pod, this.state, this.effectiveGrace(pod), this.abort.signal);
    } catch (error) {
      if (!this.abort.signal.aborted) {
        const text = `error killing pod: ${(error as Error).message}`;
        recorder.event(podReference(pod), 'Warning', 'FailedKillPod', text);
      }
      this.stale = true;
      throw error;
    }
    probes.remove(this.uid);
    this.stale = true;
    await this.observe();
    const running = this.state.containers.filter((c) => c.state === 'running');
    if (running.length > 0) {
      const ids = running.map((c) => c.id).join(' ');
      throw new Error(`detected running containers after a successful KillPod: [${ids}]`);
    }
    this.enter('terminated');
    this.publish(pod, true);
  }

  /** Seconds for the containers to end; undefined: each by its spec (the pod ended by itself). */
  private effectiveGrace(pod: NodePod): number | undefined {
    let grace = this.graceSeconds ?? 0;
    if (grace === 0) grace = pod.spec.terminationGracePeriodSeconds ?? 0;
    if (this.graceSeconds === 0 && isDeleted(pod)) grace = 0;
    return Math.max(1, grace);
  }

  /** Frees what the pod held, so that it may go from the API. */
  private async release(): Promise<void> {
    const { volumes, objects, tokens, cgroups, status } = this.deps;
    await volumes.tearDown(this.uid);
    objects.unregister(this.uid);
    tokens.forget(this.uid);
    await cgroups.remove(this.uid);
    this.stage = 'finished';
    status.finish(this.latest);
    this.onFinished(this);
  }
}

function sameResources(a: NodePod, b: NodePod): boolean {
  const of = (pod: NodePod): unknown =>
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((c) => c.resources ?? {});
  return deepEqual(of(a), of(b));
}
