/** `/stats/summary` (stats.kubelet.k8s.io/v1alpha1): pure, from what was measured. */
import { formatTime } from '../../machinery/meta/times.ts';
import type { DiskUsage, NodeUsage } from './node-usage.ts';
import type { ContainerUsage, PodUsage } from './usage.ts';

export interface SummaryInput {
  readonly nodeName: string;
  readonly nowMs: number;
  readonly node: NodeUsage;
  readonly nodeNanoCores: number | undefined;
  readonly pods: readonly PodUsage[];
  /** What all images take. */
  readonly imageBytes: number;
  readonly onlyCpuAndMemory: boolean;
}

type Part = Record<string, unknown>;

function cpuPart(
  time: string,
  nanoCores: number | undefined,
  nanoseconds: number | undefined,
): Part {
  return {
    time,
    ...(nanoCores === undefined ? {} : { usageNanoCores: Math.round(nanoCores) }),
    ...(nanoseconds === undefined ? {} : { usageCoreNanoSeconds: nanoseconds }),
  };
}

function diskPart(time: string, disk: DiskUsage, usedBytes: number, inodesUsed: number): Part {
  return {
    time,
    availableBytes: disk.availableBytes,
    capacityBytes: disk.capacityBytes,
    usedBytes,
    inodesFree: disk.inodesFree,
    inodes: disk.inodes,
    inodesUsed,
  };
}

function containerPart(c: ContainerUsage, input: SummaryInput, time: string): Part {
  const { disk } = input.node;
  return {
    name: c.container.name,
    startTime: formatTime(c.container.startedAtMs),
    cpu: cpuPart(time, c.cpuNanoCores, c.cpuNanoseconds),
    memory: {
      time,
      usageBytes: c.usageBytes,
      workingSetBytes: c.workingSetBytes,
      rssBytes: c.rssBytes,
    },
    ...(input.onlyCpuAndMemory
      ? {}
      : { rootfs: diskPart(time, disk, c.rootfsBytes, c.rootfsInodes) }),
  };
}

function podPart(p: PodUsage, input: SummaryInput, time: string): Part {
  const { name, namespace, uid } = p.pod.metadata;
  const { group, groupNanoCores } = p;
  const written = p.containers.reduce((sum, c) => sum + c.rootfsBytes, 0);
  const inodes = p.containers.reduce((sum, c) => sum + c.rootfsInodes, 0);
  return {
    podRef: { name, namespace, uid },
    startTime: p.pod.status?.startTime ?? time,
    containers: p.containers.map((c) => containerPart(c, input, time)),
    cpu: cpuPart(time, groupNanoCores, group.cpuNanoseconds),
    memory: {
      time,
      usageBytes: group.memoryBytes ?? 0,
      workingSetBytes: group.workingSetBytes ?? 0,
      rssBytes: group.rssBytes ?? 0,
    },
    ...(input.onlyCpuAndMemory
      ? {}
      : { 'ephemeral-storage': diskPart(time, input.node.disk, written, inodes) }),
  };
}

export function statsSummary(input: SummaryInput): Part {
  const { node, nodeNanoCores, onlyCpuAndMemory } = input;
  const time = formatTime(input.nowMs);
  const { disk } = node;
  const used = disk.inodes - disk.inodesFree;
  return {
    node: {
      nodeName: input.nodeName,
      startTime: formatTime(node.bootTimeMs),
      cpu: cpuPart(time, nodeNanoCores, node.cpuNanoseconds),
      memory: {
        time,
        availableBytes: node.memoryAvailableBytes,
        usageBytes: node.memoryUsageBytes,
        workingSetBytes: node.memoryTotalBytes - node.memoryAvailableBytes,
        rssBytes: node.memoryRssBytes,
      },
      ...(onlyCpuAndMemory
        ? {}
        : {
            fs: diskPart(time, disk, disk.usedBytes, used),
            runtime: { imageFs: diskPart(time, disk, input.imageBytes, used) },
            rlimit: { time, maxpid: node.maxPids, curproc: node.processes },
          }),
    },
    pods: input.pods.map((p) => podPart(p, input, time)),
  };
}
