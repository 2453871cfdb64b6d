/** In-place changes of a running container's resources: what a change of the spec asks for. */
import type { Container } from '../../machinery/schema/wire.ts';
import { findContainer, isStaticPod, type NodePod } from './pod.ts';
import type { ContainerObservation } from './pod-state.ts';
import { containerResources, type ResourceSummary } from './resource-summary.ts';

/** `restart`: the container's resize policy wants it; `update`: limits change under it. */
export type ResizeNeed = 'none' | 'update' | 'restart';

function policyOf(container: Container, resource: 'cpu' | 'memory'): string {
  const policy = container.resizePolicy?.find((p) => p.resourceName === resource);
  return policy?.restartPolicy ?? 'NotRequired';
}

/** Compares what the spec asks for with what the container was last given. */
export function resizeNeed(
  container: Container,
  pod: NodePod,
  seen: ContainerObservation,
  actuated: ResourceSummary | undefined,
): ResizeNeed {
  if (isStaticPod(pod) || seen.state !== 'running' || actuated === undefined) return 'none';
  const wanted = containerResources(container, pod);
  const cpu =
    wanted.cpuLimitMilli !== actuated.cpuLimitMilli ||
    wanted.cpuRequestMilli !== actuated.cpuRequestMilli;
  const memory =
    wanted.memoryLimitBytes !== actuated.memoryLimitBytes ||
    wanted.memoryRequestBytes !== actuated.memoryRequestBytes;
  if (!cpu && !memory) return 'none';
  if (cpu && policyOf(container, 'cpu') === 'RestartContainer') return 'restart';
  if (memory && policyOf(container, 'memory') === 'RestartContainer') return 'restart';
  return 'update';
}

/** The pod with the resources that the node has granted it, which the API may be ahead of. */
export function withResources(
  pod: NodePod,
  granted: ReadonlyMap<string, Container['resources']>,
): NodePod {
  let changed = false;
  const replace = (c: Container): Container => {
    if (!granted.has(c.name) || granted.get(c.name) === c.resources) return c;
    changed = true;
    const { resources: _, ...rest } = c;
    const resources = granted.get(c.name);
    return resources === undefined ? rest : { ...rest, resources };
  };
  const containers = pod.spec.containers.map(replace);
  const inits = pod.spec.initContainers?.map(replace);
  if (!changed) return pod;
  const spec = { ...pod.spec, containers, ...(inits ? { initContainers: inits } : {}) };
  return { ...pod, spec };
}

/** The resources of each container that may be resized. */
export function resourcesByContainer(pod: NodePod): Map<string, Container['resources']> {
  const names = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((c) => c.name);
  return new Map(names.map((name) => [name, findContainer(pod, name)?.resources]));
}
