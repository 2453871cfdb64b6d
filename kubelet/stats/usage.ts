/** How much pods and containers use: one look at the runtime and the control groups. */
import type { CgroupUsage } from '../cgroups/cgroup-fs.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import type { ContainerStats } from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';
import { podUidLabel } from '../pods/labels.ts';
import type { NodePod } from '../pods/pod.ts';
import type { ContainerObservation } from '../pods/pod-state.ts';
import type { PodWorker } from '../pods/worker.ts';

export interface ContainerUsage {
  readonly container: ContainerObservation;
  readonly cpuNanoseconds: number;
  /** Over the time since the sample before; undefined at first. */
  readonly cpuNanoCores: number | undefined;
  readonly workingSetBytes: number;
  readonly usageBytes: number;
  readonly rssBytes: number;
  readonly rootfsBytes: number;
  readonly rootfsInodes: number;
}

export interface PodUsage {
  readonly pod: NodePod;
  readonly containers: readonly ContainerUsage[];
  readonly group: CgroupUsage;
  readonly groupNanoCores: number | undefined;
}

interface Sample {
  readonly atMs: number;
  readonly nanoseconds: number;
}

/** Samples of what is gone are dropped when there are this many. */
const maxSamples = 4096;
/** A rate over a shorter time says little: the last one stands. */
const minRateMs = 1000;

export class UsageReader {
  private readonly runtime: Runtime;
  private readonly cgroups: PodCgroups;
  private readonly workers: () => readonly PodWorker[];
  private readonly samples = new Map<string, Sample & { rate: number | undefined }>();

  constructor(runtime: Runtime, cgroups: PodCgroups, workers: () => readonly PodWorker[]) {
    this.runtime = runtime;
    this.cgroups = cgroups;
    this.workers = workers;
  }

  /** Every pod that may be running. */
  async read(): Promise<PodUsage[]> {
    const { stats } = await this.runtime.call('ListContainerStats', {});
    const byPod = new Map<string, ContainerStats[]>();
    for (const s of stats) {
      const uid = s.attributes?.labels[podUidLabel];
      if (uid === undefined) continue;
      byPod.set(uid, [...(byPod.get(uid) ?? []), s]);
    }
    if (this.samples.size > maxSamples) this.samples.clear();
    const alive = this.workers().filter((w) => w.mayRun);
    return Promise.all(
      alive.map(async (worker) => {
        const { pod } = worker;
        const group = await this.cgroups.usage(pod);
        const containers = (byPod.get(worker.uid) ?? []).flatMap((s) => {
          const seen = worker.observed.containers.find((c) => c.id === s.attributes?.id);
          return seen?.state === 'running' ? [this.container(seen, s)] : [];
        });
        const groupNanoCores = this.rate(worker.uid, group.cpuNanoseconds);
        return { pod, containers, group, groupNanoCores };
      }),
    );
  }

  /** Nanoseconds of CPU per second since the sample before. */
  rate(key: string, nanoseconds: number | undefined): number | undefined {
    if (nanoseconds === undefined) return undefined;
    const now = Date.now();
    const last = this.samples.get(key);
    if (last !== undefined && now - last.atMs < minRateMs) return last.rate;
    const rate =
      last === undefined
        ? undefined
        : Math.max(0, ((nanoseconds - last.nanoseconds) / (now - last.atMs)) * 1000);
    this.samples.set(key, { atMs: now, nanoseconds, rate });
    return rate;
  }

  private container(container: ContainerObservation, s: ContainerStats): ContainerUsage {
    const { cpu, memory, writableLayer } = s;
    const cpuNanoseconds = cpu?.usageCoreNanoSeconds?.value ?? 0;
    const workingSetBytes = memory?.workingSetBytes?.value ?? 0;
    return {
      container,
      cpuNanoseconds,
      cpuNanoCores: cpu?.usageNanoCores?.value || this.rate(container.id, cpuNanoseconds),
      workingSetBytes,
      usageBytes: memory?.usageBytes?.value || workingSetBytes,
      rssBytes: memory?.rssBytes?.value ?? 0,
      rootfsBytes: writableLayer?.usedBytes?.value ?? 0,
      rootfsInodes: writableLayer?.inodesUsed?.value ?? 0,
    };
  }
}
