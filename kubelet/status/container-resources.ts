/** The resources part of a container's status: what it was granted and what it really has. */
import { Quantity } from '../../machinery/meta/quantity.ts';
import type {
  Container,
  ContainerStatus,
  ResourceRequirements,
} from '../../machinery/schema/wire.ts';
import { minShares } from '../cgroups/cpu-shares.ts';
import type { ContainerObservation } from '../pods/pod-state.ts';
import { milliOf } from '../pods/resource-summary.ts';

/** Below this the kernel cannot express a CPU limit (1 ms of 100). */
const minLimitMilli = 10;

type List = Record<string, string>;

/**
 * `allocatedResources` and `resources` of a status. `given` is what the container was last given,
 * for runtimes that do not report resources; a value that only rounding changed stays as granted.
 */
export function reportedResources(
  container: Container,
  seen: ContainerObservation,
  given: ResourceRequirements | undefined,
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const granted = container.resources;
  const limits: List | undefined = granted?.limits && { ...granted.limits };
  const requests: List | undefined = granted?.requests && { ...granted.requests };
  if (seen.state === 'running') {
    const actual = seen.resources;
    if (limits) {
      take(limits, given?.limits, 'cpu', 'memory');
      const cpu = actual?.cpuLimitMilli;
      if (cpu !== undefined && Math.max(cpu, milliOf(limits, 'cpu')) > minLimitMilli) {
        limits['cpu'] = Quantity.ofMillis(cpu).toString();
      }
      if (actual?.memoryLimitBytes !== undefined) {
        limits['memory'] = Quantity.of(actual.memoryLimitBytes, 'BinarySI').toString();
      }
    }
    if (requests) {
      take(requests, given?.requests, 'cpu', 'memory');
      const cpu = actual?.cpuRequestMilli;
      if (cpu !== undefined && Math.max(cpu, milliOf(requests, 'cpu')) > minShares) {
        requests['cpu'] = Quantity.ofMillis(cpu).toString();
      }
    }
  }
  return {
    ...(granted?.requests ? { allocatedResources: granted.requests } : {}),
    resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
  };
}

function take(list: List, from: Readonly<List> | undefined, ...names: string[]): void {
  for (const name of names) {
    const value = from?.[name];
    if (value !== undefined) list[name] = value;
  }
}
