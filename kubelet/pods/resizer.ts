/** Changes the resources of running containers and of their pod's group, in a safe order. */
import type { CgroupLimits } from '../cgroups/cgroup-fs.ts';
import { containerLimits } from './linux-resources.ts';
import type { ResizeOrder } from './plan.ts';
import { findContainer, type NodePod } from './pod.ts';
import type { PodState } from './pod-state.ts';
import { resourcesByContainer, withResources } from './resize.ts';
import { containerResources } from './resource-summary.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** The larger of two limits; one that is missing or negative is no limit at all. */
function wider(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined || a <= 0 || b <= 0) return -1;
  return Math.max(a, b);
}

/** Limits under which both the old and the new state of the containers fit. */
export function widest(before: CgroupLimits, after: CgroupLimits): CgroupLimits {
  return {
    cpuShares: Math.max(before.cpuShares ?? 0, after.cpuShares ?? 0),
    cpuQuotaUs: wider(before.cpuQuotaUs, after.cpuQuotaUs),
    cpuPeriodUs: after.cpuPeriodUs ?? before.cpuPeriodUs,
    memoryBytes: wider(before.memoryBytes, after.memoryBytes),
  };
}

/** The pod with what its containers were last given. */
function asGiven(pod: NodePod, deps: WorkerDeps): NodePod {
  const given = resourcesByContainer(pod);
  for (const name of given.keys()) {
    const resources = deps.ledger.given(pod, name);
    if (resources !== undefined) given.set(name, resources);
  }
  return withResources(pod, given);
}

/**
 * Gives each container what its spec says. The pod's group is widened first and narrowed last, so
 * that no step is refused because of the parent.
 */
export async function resizeContainers(
  pod: NodePod,
  state: PodState,
  orders: readonly ResizeOrder[],
  deps: WorkerDeps,
): Promise<void> {
  const { cgroups, runtime, ledger, resources } = deps;
  const before = cgroups.limitsOf(asGiven(pod, deps));
  const after = cgroups.limitsOf(pod);
  await cgroups.update(pod, widest(before, after));
  // What shrinks goes first: together the containers stay within the old sum as long as they can.
  const sorted = [...orders].sort((a, b) => growth(pod, a.name, deps) - growth(pod, b.name, deps));
  for (const { id: containerId, name } of sorted) {
    if (!state.containers.some((c) => c.id === containerId)) continue;
    const container = findContainer(pod, name)!;
    const linux = containerLimits(pod, container, resources);
    await runtime.call('UpdateContainerResources', { containerId, linux });
    await ledger.give(pod, container);
  }
  await cgroups.update(pod, {
    ...after,
    cpuQuotaUs: after.cpuQuotaUs ?? -1,
    memoryBytes: after.memoryBytes ?? -1,
  });
}

/** By how much the container's memory limit grows. */
function growth(pod: NodePod, name: string, { ledger }: WorkerDeps): number {
  const wanted = containerResources(findContainer(pod, name)!, pod).memoryLimitBytes;
  return wanted - (ledger.givenSummary(pod, name)?.memoryLimitBytes ?? 0);
}
