/** Claims of a pod, and what they and their volumes say. API: core/v1 PersistentVolumeClaim. */

import { compileNodeSelector } from '../../machinery/meta/node-selector.ts';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../machinery/schema/wire.ts';

/** Annotations by which scheduler, volume controller and provisioners talk to each other. */
export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  selectedNode: 'volume.kubernetes.io/selected-node',
  betaStorageClass: 'volume.beta.kubernetes.io/storage-class',
} as const;

/** The provisioner of classes that provision nothing. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

/** A claim a pod uses. */
export interface ClaimUse {
  readonly name: string;
  /** Made for this pod alone, from a template in it. */
  readonly ephemeral: boolean;
}

/** The claims of the pod's volumes, in order. */
export function claimUses(pod: Pod): ClaimUse[] {
  return (pod.spec?.volumes ?? []).flatMap((volume): ClaimUse[] => {
    if (volume.persistentVolumeClaim !== undefined) {
      return [{ name: volume.persistentVolumeClaim.claimName, ephemeral: false }];
    }
    if (volume.ephemeral === undefined) return [];
    return [{ name: `${pod.metadata?.name ?? ''}-${volume.name}`, ephemeral: true }];
  });
}

/** As a lister of the real server words it. */
export function claimNotFound(name: string): string {
  return `persistentvolumeclaim "${name}" not found`;
}

/** What is wrong with a claim made for a pod; undefined when it is really the pod's. */
export function notOwned(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  const owner = claim.metadata?.ownerReferences?.find((o) => o.controller === true);
  if (owner !== undefined && owner.uid === pod.metadata?.uid) return undefined;
  const nameOf = (o: Pod | PersistentVolumeClaim) => `${o.metadata?.namespace}/${o.metadata?.name}`;
  return `PVC ${nameOf(claim)} was not created for pod ${nameOf(pod)} (pod is not owner)`;
}

/** True when claim and volume are bound both ways. */
export function isFullyBound(claim: PersistentVolumeClaim): boolean {
  return (
    Boolean(claim.spec?.volumeName) &&
    claim.metadata?.annotations?.[annotations.bindCompleted] !== undefined
  );
}

/** The class a claim asks for; '' for none. */
export function classOfClaim(claim: PersistentVolumeClaim): string {
  const beta = claim.metadata?.annotations?.[annotations.betaStorageClass];
  return beta ?? claim.spec?.storageClassName ?? '';
}

/** The class of a volume; '' for none. */
export function classOfVolume(volume: PersistentVolume): string {
  const beta = volume.metadata?.annotations?.[annotations.betaStorageClass];
  return beta ?? volume.spec?.storageClassName ?? '';
}

/** True when nodes with these labels can use the volume. */
export function suitsNode(volume: PersistentVolume, labels: Record<string, string>): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || compileNodeSelector(required).matches('', labels);
}

/** True when the class may provision volumes for nodes with these labels. */
export function allowsTopology(
  storageClass: StorageClass,
  labels: Record<string, string>,
): boolean {
  const terms = storageClass.allowedTopologies ?? [];
  if (terms.length === 0) return true;
  return terms.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => {
      const value = labels[key];
      return value !== undefined && values.includes(value);
    }),
  );
}

/** True when the volume names this claim as its own. */
export function isMeantFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (ref === undefined) return false;
  const { name, namespace, uid } = claim.metadata ?? {};
  return ref.name === name && ref.namespace === namespace && (!ref.uid || ref.uid === uid);
}
