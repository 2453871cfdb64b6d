/** The texts of resize events: a JSON summary of the pod's resources, as upstream writes it. */
import type { NodePod } from './pod.ts';

export function resizeEventText(what: string, pod: NodePod, error = ''): string {
  const list = (containers: NodePod['spec']['containers'] | undefined): object[] | undefined =>
    containers?.map((c) => ({ name: c.name, resources: c.resources ?? {} }));
  const inits = list(pod.spec.initContainers);
  const summary = {
    ...(inits?.length ? { initContainers: inits } : {}),
    containers: list(pod.spec.containers),
    generation: pod.metadata.generation ?? 0,
    ...(error ? { error } : {}),
  };
  return `${what}: ${JSON.stringify(summary)}`;
}
