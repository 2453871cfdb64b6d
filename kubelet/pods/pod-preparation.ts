/** What must stand before containers of a pod start: network, groups, folders, volumes, probes. */
import type { VolumeSetup } from '../volumes/volume-manager.ts';
import { isHostNetwork, type NodePod, podReference } from './pod.ts';
import type { PodState } from './pod-state.ts';
import type { WorkerDeps } from './worker-deps.ts';

const networkRetryMs = 500;

export class PodPreparation {
  private readonly deps: WorkerDeps;
  private volumes: VolumeSetup | undefined;
  private volumesDue = true;

  constructor(deps: WorkerDeps) {
    this.deps = deps;
  }

  /** What volumes are made of has changed. */
  renewVolumes(): void {
    this.volumesDue = true;
  }

  /**
   * Makes everything ready. Without volumes in the answer the pod has to wait until then; with
   * them that is when they must be renewed. Throws VolumeError, or what else fails.
   */
  async run(
    pod: NodePod,
    latest: NodePod,
    state: PodState,
  ): Promise<{ volumes?: VolumeSetup['mounted']; wakeAtMs: number | undefined }> {
    const { node, recorder, cgroups, objects, probes, clock } = this.deps;
    const problem = node.networkProblem();
    if (problem !== undefined && !isHostNetwork(pod) && !state.sandboxes[0]?.ready) {
      const text = `network is not ready: ${problem}`;
      recorder.event(podReference(pod), 'Warning', 'NetworkNotReady', text);
      return { wakeAtMs: clock.now() + networkRetryMs };
    }
    objects.register(latest);
    try {
      await cgroups.ensure(pod);
    } catch (error) {
      const text = `unable to ensure pod container exists: ${(error as Error).message}`;
      recorder.event(podReference(pod), 'Warning', 'FailedCreatePodContainer', text);
      throw error;
    }
    const { mounted, refreshAtMs } = await this.setUpVolumes(pod, state);
    probes.add(pod);
    return { volumes: mounted, wakeAtMs: refreshAtMs };
  }

  private async setUpVolumes(pod: NodePod, state: PodState): Promise<VolumeSetup> {
    const { clock, node, volumes } = this.deps;
    const refreshAt = this.volumes?.refreshAtMs;
    const expired = refreshAt !== undefined && clock.now() >= refreshAt;
    if (!this.volumesDue && !expired && this.volumes !== undefined) return this.volumes;
    // Asked for again meanwhile: it is due again.
    this.volumesDue = false;
    try {
      await volumes.makePodDirs(pod.metadata.uid);
      const facts = {
        podIps: state.ips,
        hostIps: node.hostIps(),
        allocatable: node.allocatable(),
      };
      this.volumes = await volumes.setUp(pod, facts);
      return this.volumes;
    } catch (error) {
      this.volumesDue = true;
      throw error;
    }
  }
}
