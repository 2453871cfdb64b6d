/** Watches how the volumes of a pod are being bound, by what the informers show. */
import type { PersistentVolumeClaim, Pod } from '../../machinery/schema/wire.ts';
import type { Listers } from '../listers.ts';
import type { VolumePlan } from './binder.ts';
import { annotations, isFullyBound, suitsNode } from './claims.ts';

type ProgressListers = Pick<Listers, 'pods' | 'persistentVolumes' | 'persistentVolumeClaims'>;

export class BindingProgress {
  readonly #listers: ProgressListers;

  constructor(listers: ProgressListers) {
    this.#listers = listers;
  }

  /**
   * True when all claims of the (written) plan are bound; throws when something was undone.
   * `labels` are those of the node; undefined: the node is gone.
   */
  isDone(
    pod: Pod,
    plan: VolumePlan,
    nodeName: string,
    labels: Record<string, string> | undefined,
  ): boolean {
    const namespace = pod.metadata?.namespace ?? '';
    if (labels === undefined) throw new Error(`failed to get node "${nodeName}"`);
    if (this.#listers.pods.get(namespace, pod.metadata?.name ?? '') === undefined) {
      throw new Error('pod does not exist any more');
    }
    for (const { volume, claim } of plan.bindings) {
      const name = volume.metadata?.name ?? '';
      const now = this.#listers.persistentVolumes.get(undefined, name);
      if (now === undefined) throw new Error(`failed to check binding: pv "${name}" is gone`);
      if (isOlder(now, volume)) return false;
      if (!suitsNode(now, labels)) throw new Error(affinityProblem(name, nodeName));
      if (!now.spec?.claimRef?.uid) throw new Error(`ClaimRef got reset for pv "${name}"`);
      if (!this.#isClaimBound(claim)) return false;
    }
    return plan.provisions.every((claim) => this.#isProvisioned(claim, nodeName, labels));
  }

  #isProvisioned(
    claim: PersistentVolumeClaim,
    nodeName: string,
    labels: Record<string, string>,
  ): boolean {
    const { namespace, name = '' } = claim.metadata ?? {};
    const now = this.#listers.persistentVolumeClaims.get(namespace, name);
    if (now === undefined) throw new Error(`failed to check provisioning pvc "${name}"`);
    if (isOlder(now, claim)) return false;
    // A provisioner that fails takes the annotation away.
    if (now.metadata?.annotations?.[annotations.selectedNode] !== nodeName) {
      throw new Error(`provisioning failed for PVC "${name}"`);
    }
    const volumeName = now.spec?.volumeName;
    if (volumeName) {
      const volume = this.#listers.persistentVolumes.get(undefined, volumeName);
      if (volume === undefined) return false;
      if (!suitsNode(volume, labels)) throw new Error(affinityProblem(volumeName, nodeName));
    }
    return isFullyBound(now);
  }

  #isClaimBound(claim: PersistentVolumeClaim): boolean {
    const { namespace, name = '' } = claim.metadata ?? {};
    const now = this.#listers.persistentVolumeClaims.get(namespace, name);
    if (now === undefined) throw new Error(`failed to check binding: pvc "${name}" is gone`);
    return isFullyBound(now);
  }
}

type Versioned = { metadata?: { resourceVersion?: string } };

/** True while the informer has not caught up with our own write. */
function isOlder(seen: Versioned, written: Versioned): boolean {
  const a = Number(seen.metadata?.resourceVersion ?? 0);
  return a < Number(written.metadata?.resourceVersion ?? 0);
}

function affinityProblem(volume: string, node: string): string {
  return `pv "${volume}" node affinity doesn't match node "${node}": no matching NodeSelectorTerms`;
}
