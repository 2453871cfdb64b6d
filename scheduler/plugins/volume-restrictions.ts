/** VolumeRestrictions: disks that only one pod may use, and ReadWriteOncePod claims. */
import type { PersistentVolumeClaim, Pod, Volume } from '../../machinery/schema/wire.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { on } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import type { Handle, Plugin } from '../framework.ts';
import { skip, unresolvable, unschedulable } from '../status.ts';
import { claimNotFound, claimUses } from '../volumes/claims.ts';

const name = 'VolumeRestrictions';
const diskTaken = unschedulable(name, 'node(s) had no available disk');
const claimTaken = unschedulable(
  name,
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already ' +
    'in-use by another pod',
);

interface Notes {
  /** The pod's volumes that conflict by themselves. */
  readonly disks: readonly Volume[];
  /** Its ReadWriteOncePod claims, and how often other pods use them. */
  readonly exclusive: ReadonlySet<string>;
  uses: number;
}

const notes = stateKey<Notes>(name, (n) => ({ ...n }));

export function volumeRestrictions(handle: Pick<Handle, 'cache' | 'listers'>): Plugin {
  return {
    name,
    wakesOn: [
      { resource: 'Pod', on: on.delete, hint: (pod, before) => mayFree(pod, before as Pod) },
      { resource: 'Node', on: on.add },
      {
        resource: 'PersistentVolumeClaim',
        on: on.add,
        hint(pod, _before, after) {
          const { namespace, name: claim } = (after as PersistentVolumeClaim).metadata ?? {};
          return namespace === pod.namespace && pod.claims.includes(claim ?? '');
        },
      },
    ],
    preFilter(state, pod) {
      const volumes = pod.pod.spec?.volumes;
      if (volumes === undefined || volumes.length === 0) return skip;
      const exclusive = new Set<string>();
      for (const { name: claimName, ephemeral } of claimUses(pod.pod)) {
        if (ephemeral) continue;
        const claim = handle.listers.persistentVolumeClaims.get(pod.namespace, claimName);
        if (claim === undefined) return unresolvable(name, claimNotFound(claimName));
        if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) exclusive.add(claimName);
      }
      let uses = 0;
      for (const claim of exclusive) {
        if (handle.cache.isClaimInUse(`${pod.namespace}/${claim}`)) uses++;
      }
      const disks = volumes.filter(isRestricted);
      if (disks.length === 0 && uses === 0) return skip;
      state.write(notes, { disks, exclusive, uses });
      return undefined;
    },
    addPod: (state, pod, added) => count(state.read(notes), pod, added, 1),
    removePod: (state, pod, removed) => count(state.read(notes), pod, removed, -1),
    filter(state, _pod, node) {
      const own = state.read(notes)!;
      if (own.disks.length > 0 && conflictsOn(own.disks, node)) return diskTaken;
      return own.uses > 0 ? claimTaken : undefined;
    },
  };
}

function count(own: Notes | undefined, pod: PodInfo, other: PodInfo, by: 1 | -1): void {
  if (own === undefined || other.namespace !== pod.namespace) return;
  for (const claim of other.claims) if (own.exclusive.has(claim)) own.uses += by;
}

function conflictsOn(disks: readonly Volume[], node: NodeInfo): boolean {
  return node.pods.some((other) => conflicts(disks, other.pod));
}

function conflicts(disks: readonly Volume[], other: Pod): boolean {
  const theirs = (other.spec?.volumes ?? []).filter(isRestricted);
  return theirs.some((theirVolume) => disks.some((disk) => isSameDisk(disk, theirVolume)));
}

function isRestricted(v: Volume): boolean {
  return (
    v.gcePersistentDisk !== undefined ||
    v.awsElasticBlockStore !== undefined ||
    v.rbd !== undefined ||
    v.iscsi !== undefined
  );
}

/** True for the same disk, unless both only read from it (EBS: not even then). */
function isSameDisk(a: Volume, b: Volume): boolean {
  const [gce, gce2] = [a.gcePersistentDisk, b.gcePersistentDisk];
  if (gce && gce2 && gce.pdName === gce2.pdName && !(gce.readOnly && gce2.readOnly)) return true;
  const [ebs, ebs2] = [a.awsElasticBlockStore, b.awsElasticBlockStore];
  if (ebs && ebs2 && ebs.volumeID === ebs2.volumeID) return true;
  const [iscsi, iscsi2] = [a.iscsi, b.iscsi];
  if (iscsi && iscsi2 && iscsi.iqn === iscsi2.iqn && !(iscsi.readOnly && iscsi2.readOnly)) {
    return true;
  }
  const [rbd, rbd2] = [a.rbd, b.rbd];
  if (!rbd || !rbd2 || (rbd.readOnly && rbd2.readOnly)) return false;
  return (
    rbd.monitors.some((monitor) => rbd2.monitors.includes(monitor)) &&
    (rbd.pool ?? 'rbd') === (rbd2.pool ?? 'rbd') &&
    rbd.image === rbd2.image
  );
}

function mayFree(pod: PodInfo, gone: Pod): boolean {
  if (gone.metadata?.namespace !== pod.namespace) return false;
  const disks = (pod.pod.spec?.volumes ?? []).filter(isRestricted);
  if (conflicts(disks, gone)) return true;
  return claimUses(gone).some((use) => !use.ephemeral && pod.claims.includes(use.name));
}
