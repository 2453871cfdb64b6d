/**
 * The life of one pod on the node: run (sync), end its containers (terminating), free what it held
 * (terminated), done (finished). One step at a time; a step is due when something changed or a
 * time has come.
 */
import { errorFields } from '../../client/log.ts';
import type { PodCondition, PodStatus } from '../../machinery/schema/wire.ts';
import { podStatus } from '../status/pod-status.ts';
import { VolumeError } from '../volumes/volume-manager.ts';
import { isEmptyPlan, type PlanInput, plan } from './plan.ts';
import { isDeleted, isTerminalPhase, type NodePod, podReference, podText } from './pod.ts';
import { PodPreparation } from './pod-preparation.ts';
import { emptyPodState, type PodState } from './pod-state.ts';
import { type KnownFailure, PodSyncer, type SyncOutcome } from './pod-syncer.ts';
import { pruneDead } from './prune.ts';
import { ResizeProgress } from './resize-progress.ts';
import { triggersRestartAll } from './restart.ts';
import { fingerprintOf } from './runtime-view.ts';
import { StepLoop } from './step-loop.ts';
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

/** Steps in a row that achieved nothing new are slowed down to this. */
const idleSpinLimit = 10;
const spinPauseMs = 1000;

export class PodWorker {
  readonly uid: string;
  private readonly deps: WorkerDeps;
  private readonly onFinished: (worker: PodWorker) => void;
  /** As the API has it now. */
  private latest: NodePod;
  private stage: WorkerPhase = 'sync';
  private state: PodState;
  private stale: boolean;
  private spins = 0;
  private readonly loop: StepLoop;
  private readonly resize: ResizeProgress;
  private readonly preparation: PodPreparation;
  private readonly failures = new Map<string, KnownFailure>();
  private abort = new AbortController();
  /** The pod is gone from the API, or the kubelet ends it. */
  private ending = false;
  private refused = false;
  private verdict: Refusal | undefined;
  private disruption: PodCondition | undefined;
  private graceSeconds: number | undefined;
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
    this.resize = new ResizeProgress(deps);
    this.preparation = new PodPreparation(deps);
    const failed = (error: unknown): void => this.failed(error);
    this.loop = new StepLoop(deps.clock, () => this.step(), failed);
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
    return this.resize.granted(this.latest);
  }

  /** A new state of the object. */
  update(pod: NodePod): void {
    this.latest = pod;
    this.preparation.renewVolumes();
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
    this.loop.wake();
  }

  /** An object that volumes are made of has changed. */
  objectChanged(): void {
    this.preparation.renewVolumes();
    this.wake();
  }

  /** The node does not take the pod: nothing of it ever starts. */
  reject(): void {
    this.ending = true;
    this.refused = true;
  }

  /** Stops the worker; containers are left as they are. */
  close(): void {
    this.loop.close();
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

  /** Takes over how long the containers get to end: the shortest of all that is said. */
  private shortenGrace(seconds: number | undefined): void {
    const before = this.graceSeconds;
    this.graceSeconds = effectiveGrace(this.latest, before, seconds);
    // A kill that waits for the longer period starts over with the shorter one.
    const shorter = before !== undefined && this.graceSeconds < before;
    if (shorter && this.stage === 'terminating') this.abort.abort();
  }

  private failed(error: unknown): void {
    // Cut short on purpose: the next step comes now.
    if (this.abort.signal.aborted) {
      this.loop.wake();
      return;
    }
    if (error instanceof VolumeError) {
      this.loop.wakeAt(error.retryAtMs);
      return;
    }
    this.deps.log.error(
      { ...errorFields(error), pod: podText(this.latest), phase: this.stage },
      'pod step failed',
    );
    this.stale = true;
    this.loop.wakeLater();
  }

  private async step(): Promise<void> {
    if (this.abort.signal.aborted) this.abort = new AbortController();
    switch (this.stage) {
      case 'sync':
        await this.sync();
        break;
      case 'terminating':
        await this.terminate();
        break;
      case 'terminated':
        await this.release();
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
      resize: terminal ? [] : this.resize.conditions,
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
    await this.resize.grant(this.latest);
    const pod = this.granted;
    if (this.pastDeadline(pod)) return;
    const status = this.publish(pod, false);
    if (isTerminalPhase(status.phase)) {
      this.enter('terminating');
      return;
    }
    const { volumes, wakeAtMs } = await this.preparation.run(pod, this.latest, this.state);
    if (wakeAtMs !== undefined) this.loop.wakeAt(wakeAtMs);
    if (volumes === undefined) return;
    // They may have begun just now: they start from what is known.
    deps.probes.observe(this.uid, status);
    const restartAll = triggersRestartAll(pod, this.state, status);
    const steps = plan(pod, this.state, this.planInput(pod, restartAll));
    if (isEmptyPlan(steps)) {
      this.spins = 0;
      this.loop.forgetFailures();
      if (this.resize.completed(pod)) this.publish(pod, false);
      await pruneDead(pod, this.state, deps);
      return;
    }
    if (steps.resize.length > 0) this.resize.begin(pod);
    const outcome = await new PodSyncer(deps, {
      pod,
      state: this.state,
      plan: steps,
      volumes,
      failures: this.failures,
      onSandboxReady: (state) => {
        this.state = state;
        this.publish(pod, false);
      },
      signal: this.abort.signal,
    }).run();
    this.afterSync(pod, outcome);
  }

  private afterSync(pod: NodePod, { acted, retryAtMs, resizeError }: SyncOutcome): void {
    if (resizeError !== undefined) this.resize.failed(pod, resizeError);
    if (acted) {
      this.stale = true;
      // The runtime may not show at once what was done: ask again, but not in a frenzy.
      if (++this.spins < idleSpinLimit) this.loop.wake();
      else this.loop.wakeAt(this.deps.clock.now() + spinPauseMs);
    } else {
      this.publish(pod, false);
    }
    if (retryAtMs === undefined) this.loop.forgetFailures();
    else if (Number.isFinite(retryAtMs)) this.loop.wakeAt(retryAtMs);
    else this.loop.wakeLater();
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
      this.loop.wakeAt(at);
      return false;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    this.deps.recorder.event(podReference(pod), 'Normal', 'DeadlineExceeded', message);
    this.verdict = { reason: 'DeadlineExceeded', message };
    this.enter('terminating');
    return true;
  }

  private enter(stage: WorkerPhase): void {
    this.stage = stage;
    this.loop.wake();
    this.loop.forgetFailures();
  }

  private async terminate(): Promise<void> {
    const { probes, killer, recorder } = this.deps;
    const pod = this.granted;
    await this.observe();
    this.publish(pod, false);
    probes.stopLivenessAndStartup(this.uid);
    this.shortenGrace(undefined);
    try {
      await killer.killPod(pod, this.state, this.graceSeconds, this.abort.signal);
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

/** As upstream's calculateEffectiveGracePeriod: 0 stands for what the spec says. */
function effectiveGrace(
  pod: NodePod,
  known: number | undefined,
  wanted: number | undefined,
): number {
  let grace = known ?? 0;
  if (wanted !== undefined && (grace === 0 || wanted < grace)) grace = wanted;
  if (grace === 0) grace = pod.spec.terminationGracePeriodSeconds ?? 0;
  return Math.max(1, grace);
}
