/** Limits of a container in the runtime's terms, and who is killed first when memory runs out. */
import type { Container } from '../../machinery/schema/wire.ts';
import { quotaOfMilli, sharesOfMilli } from '../cgroups/cpu-shares.ts';
import type { Init } from '../cri/codec.ts';
import type { LinuxContainerResources } from '../cri/messages.ts';
import { initContainers, isSidecar, type NodePod } from './pod.ts';
import {
  containerResources,
  milliOf,
  podLimits,
  podRequests,
  qosClass,
  unitsOf,
} from './resource-summary.ts';

export interface ResourceSettings {
  /** `cpuCFSQuota`. */
  readonly cpuQuota: boolean;
  readonly cpuPeriodUs: number;
  readonly memoryCapacityBytes: number;
  readonly cgroupVersion: 1 | 2;
  /** The kernel accounts swap per cgroup: containers are kept off it. */
  readonly swapAccounting: boolean;
  /** cgroup v2: the kernel kills one process, not the whole container (`singleProcessOOMKill`). */
  readonly singleProcessOomKill: boolean;
}

const guaranteedOomScore = -997;
const bestEffortOomScore = 1000;
const nodeCriticalPriority = 2_000_001_000;

/** oom_score_adj: guaranteed ones last, best-effort ones first, the rest by what they asked for. */
export function oomScoreAdj(pod: NodePod, container: Container, capacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= nodeCriticalPriority) return guaranteedOomScore;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return guaranteedOomScore;
  if (qos === 'BestEffort') return bestEffortOomScore;
  const spare = sparePodRequest(pod);
  const scoreFor = (bytes: number): number =>
    1000 - Math.floor((1000 * (bytes + spare)) / capacityBytes);
  let score = scoreFor(unitsOf(container.resources?.requests, 'memory'));
  const sidecar = isSidecar(container) && initContainers(pod).includes(container);
  if (sidecar) {
    const requests = pod.spec.containers.map((c) => unitsOf(c.resources?.requests, 'memory'));
    score = Math.min(score, scoreFor(Math.min(...requests)));
  }
  if (score < 1000 + guaranteedOomScore) return 1000 + guaranteedOomScore;
  return score === bestEffortOomScore ? score - 1 : score;
}

/** What the pod asks for beyond its containers, shared among them. */
function sparePodRequest(pod: NodePod): number {
  const ofPod = unitsOf(pod.spec.resources?.requests, 'memory');
  if (ofPod === 0) return 0;
  const containers = [...pod.spec.containers, ...initContainers(pod).filter(isSidecar)];
  const own = containers.reduce((sum, c) => sum + unitsOf(c.resources?.requests, 'memory'), 0);
  return Math.max(0, Math.floor((ofPod - own) / containers.length));
}

interface Amounts {
  /** Undefined: not set, the limit stands in. */
  readonly cpuRequestMilli: number | undefined;
  readonly cpuLimitMilli: number;
  readonly memoryLimitBytes: number;
}

function limits(amounts: Amounts, settings: ResourceSettings): Init<LinuxContainerResources> {
  const { cpuRequestMilli, cpuLimitMilli, memoryLimitBytes } = amounts;
  return {
    cpuShares: sharesOfMilli(cpuRequestMilli ?? cpuLimitMilli),
    ...(memoryLimitBytes > 0 ? { memoryLimitInBytes: memoryLimitBytes } : {}),
    ...(settings.cpuQuota
      ? {
          cpuQuota: quotaOfMilli(cpuLimitMilli, settings.cpuPeriodUs),
          cpuPeriod: settings.cpuPeriodUs,
        }
      : {}),
  };
}

/** Everything the runtime is told of a container's resources. */
export function containerLimits(
  pod: NodePod,
  container: Container,
  settings: ResourceSettings,
): Init<LinuxContainerResources> {
  const own = containerResources(container, pod);
  const requested = container.resources?.requests?.['cpu'] !== undefined;
  const amounts = { ...own, cpuRequestMilli: requested ? own.cpuRequestMilli : undefined };
  const unified: Record<string, string> = {};
  const v2 = settings.cgroupVersion === 2;
  if (v2 && !settings.singleProcessOomKill) unified['memory.oom.group'] = '1';
  if (v2 && settings.swapAccounting) unified['memory.swap.max'] = '0';
  return {
    ...limits(amounts, settings),
    oomScoreAdj: oomScoreAdj(pod, container, settings.memoryCapacityBytes),
    ...(!v2 && settings.swapAccounting && own.memoryLimitBytes > 0
      ? { memorySwapLimitInBytes: own.memoryLimitBytes }
      : {}),
    ...(Object.keys(unified).length > 0 ? { unified } : {}),
  };
}

/** What the whole pod may use, without overhead, and the overhead: for VM-based runtimes. */
export function sandboxLimits(
  pod: NodePod,
  settings: ResourceSettings,
): { resources: Init<LinuxContainerResources>; overhead: Init<LinuxContainerResources> } {
  const requests = podRequests(pod, false);
  const max = podLimits(pod, false);
  const { overhead } = pod.spec;
  const overheadCpu = milliOf(overhead, 'cpu');
  return {
    resources: limits(
      {
        cpuRequestMilli: requests['cpu'] === undefined ? undefined : milliOf(requests, 'cpu'),
        cpuLimitMilli: milliOf(max, 'cpu'),
        memoryLimitBytes: unitsOf(max, 'memory'),
      },
      settings,
    ),
    overhead:
      overhead === undefined
        ? {}
        : limits(
            {
              cpuRequestMilli: overheadCpu,
              cpuLimitMilli: overheadCpu,
              memoryLimitBytes: unitsOf(overhead, 'memory'),
            },
            settings,
          ),
  };
}
