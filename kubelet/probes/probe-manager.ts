/** The probes of all pods: one worker each, verdicts by container, events for failures. */
import type { EventRecorder } from '../../client/events.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Container, ContainerStatus, PodStatus, Probe } from '../../machinery/schema/wire.ts';
import type { Runtime } from '../cri/runtime.ts';
import type { ProbeVerdict } from '../pods/plan.ts';
import { containerReference, type NodePod, sidecars } from '../pods/pod.ts';
import type { ProbeReport } from '../status/pod-status.ts';
import { runProbe } from './probe-actions.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';

export interface ProbeManagerOptions {
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  /** A verdict changed: the pod has to be looked at. */
  readonly onChange: (uid: string) => void;
}

interface Worked {
  pod: NodePod;
  status: PodStatus | undefined;
  /** By `<type> <container>`. */
  readonly workers: Map<string, ProbeWorker>;
}

const maxTries = 3;
const types: readonly ProbeType[] = ['startup', 'readiness', 'liveness'];
const titles = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' };
/** A container that started this long before the kubelet did was somebody else's to probe. */
const restartGraceMs = 10_000;

function probeOf(container: Container, type: ProbeType): Probe | undefined {
  if (type === 'liveness') return container.livenessProbe;
  return type === 'readiness' ? container.readinessProbe : container.startupProbe;
}

export class ProbeManager implements ProbeReport {
  private readonly options: ProbeManagerOptions;
  private readonly bornAtMs: number;
  private readonly pods = new Map<string, Worked>();
  /** Verdicts by type and container id (with its scheme). */
  private readonly verdicts: Record<ProbeType, Map<string, ProbeVerdict>> = {
    liveness: new Map(),
    readiness: new Map(),
    startup: new Map(),
  };
  /** Counts for metrics, by `type result`. */
  readonly counts = new Map<string, number>();

  constructor(options: ProbeManagerOptions) {
    this.options = options;
    this.bornAtMs = options.clock.now() - restartGraceMs;
  }

  /** Starts the pod's probes once; they idle until containers run. */
  add(pod: NodePod): void {
    const { uid } = pod.metadata;
    const known = this.pods.get(uid);
    if (known !== undefined) {
      known.pod = pod;
      return;
    }
    const workers = new Map<string, ProbeWorker>();
    for (const container of [...pod.spec.containers, ...sidecars(pod)]) {
      for (const type of types) {
        const probe = probeOf(container, type);
        if (probe === undefined) continue;
        workers.set(`${type} ${container.name}`, this.worker(uid, container, type, probe));
      }
    }
    if (workers.size > 0) this.pods.set(uid, { pod, status: undefined, workers });
  }

  /** Hands the pod's new status to its probes. */
  observe(uid: string, status: PodStatus): void {
    const known = this.pods.get(uid);
    if (known === undefined) return;
    known.status = status;
    for (const [key, worker] of known.workers) {
      worker.update(statusOf(status, key.slice(key.indexOf(' ') + 1)));
    }
  }

  /** Probes that would kill or hold up a pod that ends anyway stop; readiness goes on. */
  stopLivenessAndStartup(uid: string): void {
    const known = this.pods.get(uid);
    for (const [key, worker] of known?.workers ?? []) {
      if (key.startsWith('readiness ')) continue;
      worker.stop();
      known?.workers.delete(key);
    }
  }

  remove(uid: string): void {
    const known = this.pods.get(uid);
    this.pods.delete(uid);
    for (const worker of known?.workers.values() ?? []) worker.stop();
  }

  /** Ends all probes. */
  close(): void {
    for (const uid of [...this.pods.keys()]) this.remove(uid);
  }

  liveness(containerId: string): ProbeVerdict | undefined {
    return this.verdicts.liveness.get(containerId);
  }

  startup(containerId: string): ProbeVerdict | undefined {
    return this.verdicts.startup.get(containerId);
  }

  started(pod: NodePod, status: ContainerStatus): boolean {
    if (!status.state?.running) return false;
    const verdict = this.verdicts.startup.get(status.containerID ?? '');
    if (verdict !== undefined) return verdict === 'success';
    if (status.started) return true;
    return !this.has(pod, 'startup', status.name);
  }

  ready(pod: NodePod, status: ContainerStatus): boolean {
    const verdict = this.verdicts.readiness.get(status.containerID ?? '');
    if (verdict !== undefined) return verdict === 'success';
    const container = [...pod.spec.containers, ...sidecars(pod)].find(
      (c) => c.name === status.name,
    );
    if (container?.readinessProbe === undefined) return true;
    // No verdict yet of one that ran before this kubelet: what was said of it stands.
    const startedAt = Date.parse(status.state?.running?.startedAt ?? '');
    if (!(startedAt < this.bornAtMs)) return false;
    return pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
  }

  private has(pod: NodePod, type: ProbeType, container: string): boolean {
    const spec = [...pod.spec.containers, ...sidecars(pod)].find((c) => c.name === container);
    return spec !== undefined && probeOf(spec, type) !== undefined;
  }

  private worker(uid: string, container: Container, type: ProbeType, probe: Probe): ProbeWorker {
    const { clock, onChange } = this.options;
    return new ProbeWorker({
      type,
      probe,
      clock,
      bornAtMs: this.bornAtMs,
      run: (containerId) => this.run(uid, container, type, probe, containerId),
      // The pod's worker is just being told of the container: it need not be woken.
      begin: (containerId, verdict) => this.verdicts[type].set(containerId, verdict),
      report: (containerId, verdict) => {
        const verdicts = this.verdicts[type];
        if (verdicts.get(containerId) === verdict) return;
        if (verdict === undefined) {
          verdicts.delete(containerId);
          return;
        }
        verdicts.set(containerId, verdict);
        onChange(uid);
      },
    });
  }

  private async run(
    uid: string,
    container: Container,
    type: ProbeType,
    probe: Probe,
    containerId: string,
  ): Promise<'success' | 'failure' | undefined> {
    const known = this.pods.get(uid);
    if (known === undefined) return undefined;
    const { runtime, log } = this.options;
    const podIp = known.status?.podIP ?? '';
    const bareId = containerId.slice(containerId.indexOf('://') + 3);
    let last: unknown;
    for (let i = 0; i < maxTries; i++) {
      try {
        const target = { container, containerId: bareId, podIp };
        const { outcome, output } = await runProbe(probe, target, runtime);
        this.count(type, outcome === 'failure' ? 'failed' : 'successful');
        if (outcome === 'failure')
          this.warn(known.pod, container, 'Unhealthy', `${titles[type]} probe failed: ${output}`);
        if (outcome === 'warning')
          this.warn(
            known.pod,
            container,
            'ProbeWarning',
            `${titles[type]} probe warning: ${output}`,
          );
        return outcome === 'failure' ? 'failure' : 'success';
      } catch (error) {
        last = error;
      }
    }
    this.count(type, 'unknown');
    // The container may have gone meanwhile: then nobody cares.
    if (!this.pods.has(uid)) return undefined;
    log.debug({ ...errorFields(last), uid, container: container.name, type }, 'probe errored');
    this.warn(
      known.pod,
      container,
      'Unhealthy',
      `${titles[type]} probe errored and resulted in unknown state: ${(last as Error).message}`,
    );
    return undefined;
  }

  private warn(pod: NodePod, container: Container, reason: string, text: string): void {
    const about = containerReference(pod, container.name);
    this.options.recorder.event(about, 'Warning', reason, text);
  }

  private count(type: ProbeType, result: string): void {
    const key = `${titles[type]} ${result}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

function statusOf(status: PodStatus, container: string): ContainerStatus | undefined {
  const of = (list: ContainerStatus[] | undefined): ContainerStatus | undefined =>
    list?.find((s) => s.name === container && s.containerID);
  return of(status.containerStatuses) ?? of(status.initContainerStatuses);
}
