/** The pods of the node: a worker for each, fed by the API, manifests, the runtime and probes. */
import { errorFields } from '../../client/log.ts';
import type { Node } from '../../machinery/schema/wire.ts';
import { admit, resizeRefusal } from './admission.ts';
import { isTerminalPhase, type NodePod, podReference } from './pod.ts';
import { PodRemover } from './pod-remover.ts';
import { computeQosClass } from './resource-summary.ts';
import type { RuntimePod } from './runtime-view.ts';
import { PodWorker } from './worker.ts';
import type { Refusal, WorkerDeps } from './worker-deps.ts';

export interface PodManagerOptions {
  readonly deps: WorkerDeps;
  /** The node's object as last seen. */
  readonly node: () => Node | undefined;
  readonly allowedSysctls: readonly string[];
  readonly appArmor: boolean;
  readonly strictGroups: () => boolean;
}

/** An overview must show a stranger twice before it is removed: it may be just being made. */
const strangerSightings = 2;
const sweepEveryMs = 60_000;

export class PodManager {
  private readonly options: PodManagerOptions;
  private readonly deps: WorkerDeps;
  private readonly remover: PodRemover;
  private readonly workers = new Map<string, PodWorker>();
  /** Uids of pods that a source (API or manifest) still has. */
  private readonly sourced = new Set<string>();
  /** What the runtime had when the kubelet came up: pods not in it are new. */
  private inRuntime: ReadonlyMap<string, RuntimePod> | undefined;
  private readonly strangers = new Map<string, number>();
  private readonly removing = new Set<string>();
  private sourcesReady = false;
  private sweptAtMs = 0;
  private closed = false;

  constructor(options: PodManagerOptions) {
    this.options = options;
    this.deps = options.deps;
    this.remover = new PodRemover(options.deps);
  }

  /** Tells of the runtime's pods before the first pod is added. */
  start(inRuntime: ReadonlyMap<string, RuntimePod>): void {
    this.inRuntime = inRuntime;
  }

  /** Every source has told of all its pods: what is not among them is nobody's. */
  setSourcesReady(): void {
    this.sourcesReady = true;
  }

  worker(uid: string): PodWorker | undefined {
    return this.workers.get(uid);
  }

  /** The pod of that name (and uid); of several, one that is not done yet. */
  find(namespace: string, name: string, uid?: string): PodWorker | undefined {
    const named = this.all().filter(({ pod: { metadata: m } }) => {
      return m.name === name && m.namespace === namespace && (uid === undefined || m.uid === uid);
    });
    return named.find((w) => w.phase !== 'finished') ?? named[0];
  }

  /** Workers of all pods, also those that have ended. */
  all(): PodWorker[] {
    return [...this.workers.values()];
  }

  /** Pods that hold resources of the node, as granted. */
  active(): NodePod[] {
    return this.all()
      .filter((w) => w.phase !== 'finished' && w.phase !== 'terminated')
      .filter((w) => w.mayRun && !isTerminalPhase(this.statusPhase(w)))
      .map((w) => w.granted);
  }

  mayRun(uid: string): boolean {
    return this.workers.get(uid)?.mayRun ?? false;
  }

  /** Whether the node has room for the pod's resources as they are wished for. */
  resizeRefusal(pod: NodePod): Refusal | undefined {
    const others = this.active().filter((p) => p.metadata.uid !== pod.metadata.uid);
    return resizeRefusal(pod, others, this.deps.node.allocatable());
  }

  /** A pod came, or came back changed. */
  put(pod: NodePod): void {
    const { uid } = pod.metadata;
    this.sourced.add(uid);
    const known = this.workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      this.deps.status.reconcile(pod);
      return;
    }
    const knownEmpty = !(this.inRuntime?.has(uid) ?? false);
    const refusal = this.refusal(pod, knownEmpty);
    const worker = new PodWorker({
      deps: this.deps,
      pod,
      knownEmpty,
      onFinished: (w) => this.finished(w),
    });
    this.workers.set(uid, worker);
    if (refusal !== undefined) this.reject(pod, refusal);
    worker.wake();
    this.shareBurstable();
  }

  /** A source has the pod no more. */
  drop(pod: NodePod): void {
    const { uid } = pod.metadata;
    this.sourced.delete(uid);
    const worker = this.workers.get(uid);
    if (worker === undefined) return;
    if (worker.phase === 'finished') this.forget(worker);
    else worker.removed(pod);
  }

  /** Something happened to the pod's containers. */
  poke(uid: string): void {
    this.workers.get(uid)?.wake(true);
  }

  /** The overview of the runtime: wakes those that differ, removes what is nobody's. */
  observe(pods: ReadonlyMap<string, RuntimePod>): void {
    for (const worker of this.workers.values()) {
      const print = pods.get(worker.uid)?.fingerprint ?? '';
      if (worker.phase !== 'finished' && worker.fingerprint !== print) worker.wake(true);
    }
    if (!this.sourcesReady || this.closed) return;
    for (const [uid, pod] of pods) {
      if (this.workers.has(uid) || this.removing.has(uid)) continue;
      const seen = (this.strangers.get(uid) ?? 0) + 1;
      this.strangers.set(uid, seen);
      if (seen >= strangerSightings) void this.removeOrphan(pod);
    }
    for (const uid of this.strangers.keys()) if (!pods.has(uid)) this.strangers.delete(uid);
    void this.sweep(pods);
  }

  /** Ends all workers; containers stay. */
  close(): void {
    this.closed = true;
    for (const worker of this.workers.values()) worker.close();
  }

  private statusPhase(worker: PodWorker): string | undefined {
    return this.deps.status.get(worker.uid)?.phase ?? worker.pod.status?.phase;
  }

  private refusal(pod: NodePod, knownEmpty: boolean): Refusal | undefined {
    // What runs already, has ended or is being deleted is past admission.
    const past = isTerminalPhase(pod.status?.phase) || pod.metadata.deletionTimestamp;
    if (!knownEmpty || past) return undefined;
    const { node, allowedSysctls, appArmor, strictGroups } = this.options;
    return admit({
      pod,
      others: this.active(),
      node: node(),
      nodeName: this.deps.node.name,
      allocatable: this.deps.node.allocatable(),
      allowedSysctls,
      appArmor,
      strictGroups: strictGroups(),
    });
  }

  private reject(pod: NodePod, { reason, message }: Refusal): void {
    this.deps.recorder.event(podReference(pod), 'Warning', reason, message);
    this.deps.status.set(pod, {
      phase: 'Failed',
      reason,
      message: `Pod was rejected: ${message}`,
      qosClass: computeQosClass(pod),
      conditions: [],
      ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
    });
    this.workers.get(pod.metadata.uid)?.reject();
  }

  private finished(worker: PodWorker): void {
    this.shareBurstable();
    if (!this.sourced.has(worker.uid)) this.forget(worker);
  }

  /** The pod is done and in no source: nothing of it stays. */
  private forget(worker: PodWorker): void {
    const { uid } = worker;
    if (this.removing.has(uid)) return;
    this.removing.add(uid);
    worker.close();
    void this.remover
      .remove(worker.pod)
      .catch((error: unknown) => {
        this.deps.log.error({ ...errorFields(error), uid }, 'pod not removed');
      })
      .finally(() => {
        this.workers.delete(uid);
        this.removing.delete(uid);
        this.deps.status.remove(uid);
      });
  }

  private async removeOrphan(pod: RuntimePod): Promise<void> {
    this.removing.add(pod.uid);
    try {
      await this.remover.removeOrphan(pod);
    } catch (error) {
      this.deps.log.error({ ...errorFields(error), uid: pod.uid }, 'orphan not removed');
    } finally {
      this.removing.delete(pod.uid);
      this.strangers.delete(pod.uid);
    }
  }

  private async sweep(pods: ReadonlyMap<string, RuntimePod>): Promise<void> {
    const now = this.deps.clock.now();
    if (now - this.sweptAtMs < sweepEveryMs) return;
    this.sweptAtMs = now;
    const known = new Set([...this.workers.keys(), ...pods.keys(), ...this.removing]);
    try {
      await this.remover.sweep(known);
    } catch (error) {
      this.deps.log.warn(errorFields(error), 'leftovers not swept');
    }
  }

  /** Burstable pods together weigh as much as they ask for. */
  private shareBurstable(): void {
    void this.deps.cgroups.setBurstableShares(this.active()).catch((error: unknown) => {
      this.deps.log.warn(errorFields(error), 'shares of burstable pods not set');
    });
  }
}
