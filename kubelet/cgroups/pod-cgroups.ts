/**
 * The groups of pods: `<root>/kubepods[/burstable|/besteffort]/pod<uid>`, under cgroupfs or as
 * systemd slices. The kubelet makes and removes them; the runtime puts containers below.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NodePod } from '../pods/pod.ts';
import {
  everyContainerLimited,
  milliOf,
  podLimits,
  podRequests,
  type QosClass,
  qosClass,
  unitsOf,
} from '../pods/resource-summary.ts';
import type { CgroupFs, CgroupLimits } from './cgroup-fs.ts';
import { minShares, quotaOfMilli, sharesOfMilli, weightOfShares } from './cpu-shares.ts';

export interface PodCgroupSettings {
  /** `--cgroup-root`, '/' for the top. */
  readonly root: string;
  readonly driver: 'cgroupfs' | 'systemd';
  readonly cpuQuota: boolean;
  readonly cpuPeriodUs: number;
  /** `podPidsLimit`, -1 for none. */
  readonly podPidsLimit: number;
  /** What all pods together may use; undefined: no limit (enforceNodeAllocatable is empty). */
  readonly allocatable: { readonly cpuMilli: number; readonly memoryBytes: number } | undefined;
}

/** The limits of a pod's group by its containers, as upstream sets them per QoS class. */
export function podCgroupLimits(pod: NodePod, settings: PodCgroupSettings): CgroupLimits {
  const qos = qosClass(pod);
  const pids = settings.podPidsLimit > 0 ? { pids: settings.podPidsLimit } : {};
  if (qos === 'BestEffort') return { cpuShares: minShares, ...pids };
  const limits = podLimits(pod);
  const cpuShares = sharesOfMilli(milliOf(podRequests(pod), 'cpu'));
  const guaranteed = qos === 'Guaranteed';
  const quota = settings.cpuQuota ? quotaOfMilli(milliOf(limits, 'cpu'), settings.cpuPeriodUs) : -1;
  return {
    cpuShares,
    ...(guaranteed || everyContainerLimited(pod, 'cpu')
      ? { cpuQuotaUs: quota, cpuPeriodUs: settings.cpuPeriodUs }
      : {}),
    ...(guaranteed || everyContainerLimited(pod, 'memory')
      ? { memoryBytes: unitsOf(limits, 'memory') }
      : {}),
    ...pids,
  };
}

const qosFolder: Record<QosClass, string[]> = {
  Guaranteed: [],
  Burstable: ['burstable'],
  BestEffort: ['besteffort'],
};

/** `a_b` for systemd, where a dash separates the levels of slices. */
const escapeSlice = (part: string): string => part.replaceAll('-', '_');

/** The path of a group by its parts: plain folders, or slices that repeat their parents' names. */
export function cgroupPath(root: string, parts: readonly string[], systemd: boolean): string {
  const base = root.replace(/\/+$/, '');
  if (!systemd) return `${base}/${parts.join('/')}`;
  const slices = parts.map(
    (_, i) =>
      `${parts
        .slice(0, i + 1)
        .map(escapeSlice)
        .join('-')}.slice`,
  );
  return `${base}/${slices.join('/')}`;
}

/** What the runtime is told: the path, or the slice's name alone. */
function parentName(path: string, systemd: boolean): string {
  return systemd ? path.slice(path.lastIndexOf('/') + 1) : path;
}

export type RunCommand = (file: string, args: readonly string[]) => Promise<unknown>;
const runCommand: RunCommand = promisify(execFile);

export class PodCgroups {
  private readonly fs: CgroupFs;
  private readonly settings: PodCgroupSettings;
  private readonly run: RunCommand;

  constructor(fs: CgroupFs, settings: PodCgroupSettings, run: RunCommand = runCommand) {
    this.fs = fs;
    this.settings = settings;
    this.run = run;
  }

  private get systemd(): boolean {
    return this.settings.driver === 'systemd';
  }

  private path(...parts: string[]): string {
    return cgroupPath(this.settings.root, ['kubepods', ...parts], this.systemd);
  }

  private podPath(qos: QosClass, uid: string): string {
    return this.path(...qosFolder[qos], `pod${uid}`);
  }

  /** `cgroup_parent` of the pod's sandbox. */
  parentOf(pod: NodePod): string {
    return parentName(this.pathOf(pod), this.systemd);
  }

  /** Where the pod's group is, relative to the mount. */
  pathOf(pod: NodePod): string {
    return this.podPath(qosClass(pod), pod.metadata.uid);
  }

  /** Makes the groups that pods lie in. */
  async setUp(): Promise<void> {
    const { allocatable } = this.settings;
    const all: CgroupLimits =
      allocatable === undefined
        ? {}
        : {
            cpuShares: sharesOfMilli(allocatable.cpuMilli),
            memoryBytes: allocatable.memoryBytes,
          };
    await this.make(this.path(), all);
    await this.make(this.path('burstable'), { cpuShares: minShares });
    await this.make(this.path('besteffort'), { cpuShares: minShares });
  }

  exists(pod: NodePod): boolean {
    return this.fs.exists(this.pathOf(pod));
  }

  /** Makes the pod's group with its limits unless it is there. */
  async ensure(pod: NodePod): Promise<void> {
    if (this.exists(pod)) return;
    await this.make(this.pathOf(pod), podCgroupLimits(pod, this.settings));
  }

  /** Sets the limits of a pod that is resized. */
  async update(pod: NodePod, limits: CgroupLimits): Promise<void> {
    await this.apply(this.pathOf(pod), limits);
  }

  /** What the pod's group is limited to by its spec. */
  limitsOf(pod: NodePod): CgroupLimits {
    return podCgroupLimits(pod, this.settings);
  }

  /** Burstable pods together get the shares that they ask for. */
  async setBurstableShares(pods: readonly NodePod[]): Promise<void> {
    const milli = pods
      .filter((p) => qosClass(p) === 'Burstable')
      .reduce((sum, p) => sum + milliOf(podRequests(p), 'cpu'), 0);
    await this.apply(this.path('burstable'), { cpuShares: sharesOfMilli(milli) });
  }

  /** Removes the pod's group wherever it is. */
  async remove(uid: string): Promise<void> {
    for (const qos of Object.keys(qosFolder) as QosClass[]) {
      const path = this.podPath(qos, uid);
      if (this.systemd) {
        // A slice that systemd does not know is no fault: the folder goes below.
        await this.run('systemctl', ['stop', parentName(path, true)]).catch(() => undefined);
      }
      await this.fs.remove(path);
    }
  }

  /** Uids of pods that have a group. */
  async list(): Promise<string[]> {
    const found: string[] = [];
    for (const folder of Object.values(qosFolder)) {
      for (const name of await this.fs.children(this.path(...folder))) {
        const uid = this.systemd
          ? /-pod([^-]+)\.slice$/.exec(name)?.[1]?.replaceAll('_', '-')
          : /^pod(.+)$/.exec(name)?.[1];
        if (uid !== undefined) found.push(uid);
      }
    }
    return found;
  }

  /** Counters of the pod's group, or of all pods. */
  usage(pod?: NodePod): ReturnType<CgroupFs['usage']> {
    return this.fs.usage(pod === undefined ? this.path() : this.pathOf(pod));
  }

  private async make(path: string, limits: CgroupLimits): Promise<void> {
    if (!this.systemd) {
      await this.fs.ensure(path, limits);
      return;
    }
    await this.run('systemctl', ['start', parentName(path, true)]);
    await this.apply(path, limits);
  }

  private async apply(path: string, limits: CgroupLimits): Promise<void> {
    if (!this.systemd) {
      await this.fs.set(path, limits);
      return;
    }
    const properties = sliceProperties(limits, this.fs.version);
    if (properties.length === 0) return;
    const unit = parentName(path, true);
    await this.run('systemctl', ['set-property', '--runtime', unit, ...properties]);
  }
}

/** Limits as systemd names them (systemd.resource-control(5)). */
export function sliceProperties(limits: CgroupLimits, version: 1 | 2): string[] {
  const out: string[] = [];
  const { cpuShares, cpuQuotaUs, cpuPeriodUs = 100_000, memoryBytes, pids } = limits;
  if (cpuShares !== undefined) {
    const weight = `CPUWeight=${weightOfShares(cpuShares)}`;
    out.push(version === 2 ? weight : `CPUShares=${cpuShares}`);
  }
  if (cpuQuotaUs !== undefined) {
    out.push(cpuQuotaUs < 0 ? 'CPUQuota=' : `CPUQuota=${(cpuQuotaUs * 100) / cpuPeriodUs}%`);
  }
  if (memoryBytes !== undefined) {
    const name = version === 2 ? 'MemoryMax' : 'MemoryLimit';
    out.push(`${name}=${memoryBytes < 0 ? 'infinity' : memoryBytes}`);
  }
  if (pids !== undefined) out.push(`TasksMax=${pids < 0 ? 'infinity' : pids}`);
  return out;
}
