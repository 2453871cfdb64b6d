/** The volume claims of a stateful set's pods, and who owns them by the retention policy. */
import { newControllerRef } from '../../machinery/meta/owner.ts';
import type {
  KubeObject,
  OwnerReference,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
} from '../../machinery/schema/wire.ts';

export function claimName(
  set: StatefulSet,
  template: PersistentVolumeClaim,
  ordinal: number,
): string {
  return `${template.metadata?.name}-${set.metadata?.name}-${ordinal}`;
}

/** The claims of an ordinal, not created yet. */
export function claimsOf(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  const { namespace } = set.metadata ?? {};
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
  }));
}

interface Owner {
  readonly object: KubeObject;
  readonly apiVersion: string;
  readonly kind: string;
}

function ownersOf(set: StatefulSet, pod: Pod): { set: Owner; pod: Owner } {
  return {
    set: { object: set, apiVersion: 'apps/v1', kind: 'StatefulSet' },
    pod: { object: pod, apiVersion: 'v1', kind: 'Pod' },
  };
}

/** The reference names the owner, whatever its uid. */
function names(reference: OwnerReference, owner: Owner): boolean {
  return (
    reference.apiVersion === owner.apiVersion &&
    reference.kind === owner.kind &&
    reference.name === owner.object.metadata?.name
  );
}

function isOf(reference: OwnerReference, owner: Owner): boolean {
  return reference.uid === owner.object.metadata?.uid;
}

/** A reference to an owner of the same name that was there before. */
function isStale(reference: OwnerReference, owner: Owner): boolean {
  return names(reference, owner) && !isOf(reference, owner);
}

function policyOf(set: StatefulSet): { deletesWithSet: boolean; deletesWithPod: boolean } {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  return { deletesWithSet: whenDeleted === 'Delete', deletesWithPod: whenScaled === 'Delete' };
}

/** A claim of an earlier pod that still goes away: its successor must wait. */
export function blocksCreation(
  set: StatefulSet,
  pod: Pod,
  claims: readonly PersistentVolumeClaim[],
): boolean {
  if (!policyOf(set).deletesWithPod) return false;
  const owner = ownersOf(set, pod).pod;
  return claims.some((c) => (c.metadata?.ownerReferences ?? []).some((r) => isStale(r, owner)));
}

/** Somebody else controls the claim: the policy is not applied, and an event says so. */
export function isControlledElsewhere(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod,
): boolean {
  const policy = policyOf(set);
  if (!policy.deletesWithSet && !policy.deletesWithPod) return false;
  const owners = ownersOf(set, pod);
  return (claim.metadata?.ownerReferences ?? []).some((r) => {
    if (names(r, owners.set)) return isStale(r, owners.set);
    if (names(r, owners.pod)) return isStale(r, owners.pod);
    return r.controller === true;
  });
}

/**
 * The claim with the owners that the policy asks for; the same claim when it has them. `scaledDown`:
 * the set does not want the pod any more.
 */
export function withOwners(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod,
  scaledDown: boolean,
): PersistentVolumeClaim {
  const owners = ownersOf(set, pod);
  const references = claim.metadata?.ownerReferences ?? [];
  // Left by predecessors: theirs to clean up.
  if (references.some((r) => isStale(r, owners.set) || isStale(r, owners.pod))) return claim;
  const { deletesWithSet, deletesWithPod } = policyOf(set);
  const elsewhere = isControlledElsewhere(claim, set, pod);
  const wanted: Owner[] = [];
  if (!elsewhere) {
    if (deletesWithPod && scaledDown) wanted.push(owners.pod);
    else if (deletesWithSet) wanted.push(owners.set);
  }
  const ours = references.filter((r) => isOf(r, owners.set) || isOf(r, owners.pod));
  const same =
    ours.length === wanted.length &&
    ours.every((r) => r.controller === true && wanted.some((owner) => isOf(r, owner)));
  if (same) return claim;
  const others = references.filter((r) => !ours.includes(r));
  const added = wanted.map((o) => newControllerRef(o.object, o.apiVersion, o.kind));
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: [...others, ...added] } };
}
