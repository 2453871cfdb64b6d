/** Removes what a running pod leaves behind: all but the last end of each container. */
import { rm } from 'node:fs/promises';
import { isNotFound } from '../cri/cri-error.ts';
import type { NodePod } from './pod.ts';
import type { ContainerObservation, PodState, SandboxObservation } from './pod-state.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** Ended containers beyond the newest of each name; those of the newest are still told of. */
export function surplusContainers(state: PodState): ContainerObservation[] {
  const seen = new Set<string>();
  return state.containers.filter((c) => {
    if (c.state !== 'exited') return false;
    if (seen.has(c.name)) return true;
    seen.add(c.name);
    return false;
  });
}

/** Sandboxes that were replaced and whose containers are gone. */
export function surplusSandboxes(state: PodState): SandboxObservation[] {
  return state.sandboxes
    .slice(1)
    .filter((s) => !s.ready && !state.containers.some((c) => c.sandboxId === s.id));
}

/** Removes the surplus from the runtime, with the logs and links of the containers. */
export async function pruneDead(pod: NodePod, state: PodState, deps: WorkerDeps): Promise<void> {
  for (const container of surplusContainers(state)) await removeContainer(pod, container, deps);
  for (const { id } of surplusSandboxes(state)) {
    await deps.runtime.call('RemovePodSandbox', { podSandboxId: id }).catch(ignoreNotFound);
  }
}

/** Removes one container and what it wrote. */
export async function removeContainer(
  pod: NodePod,
  container: ContainerObservation,
  { runtime, view, paths }: Pick<WorkerDeps, 'runtime' | 'view' | 'paths'>,
): Promise<void> {
  await runtime.call('RemoveContainer', { containerId: container.id }).catch(ignoreNotFound);
  view.forget(container.id);
  if (container.logPath !== '') await rm(container.logPath, { force: true });
  await rm(paths.logLink(pod.metadata, container.name, container.id), { force: true });
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
