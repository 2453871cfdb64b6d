/** NodeVolumeLimits: a CSI driver attaches only so many volumes to a node. */
import type {
  CSINode,
  PersistentVolumeClaim,
  Pod,
  VolumeAttachment,
} from '../../machinery/schema/wire.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { on } from '../cluster-event.ts';
import type { Handle, Plugin } from '../framework.ts';
import type { Listers } from '../listers.ts';
import { type Status, skip, unresolvable, unschedulable } from '../status.ts';
import { claimUses, classOfClaim, notOwned } from '../volumes/claims.ts';

const name = 'NodeVolumeLimits';
const tooMany = unschedulable(name, 'node(s) exceed max volume count');

/** Volumes by a unique name, each with its driver. */
type Volumes = Map<string, string>;

export function nodeVolumeLimits(handle: Pick<Handle, 'listers'>): Plugin {
  const { listers } = handle;
  return {
    name,
    wakesOn: [
      {
        resource: 'storage.k8s.io/CSINode',
        on: on.add | on.update,
        hint: (_pod, before, after) => grew(before as CSINode | undefined, after as CSINode),
      },
      {
        resource: 'Pod',
        on: on.delete,
        hint: (_pod, before) => claimUses(before as Pod).length > 0 && isPlaced(before as Pod),
      },
      {
        resource: 'PersistentVolumeClaim',
        on: on.add,
        hint(pod, _before, after) {
          const { namespace, name: claim } = (after as PersistentVolumeClaim).metadata ?? {};
          return namespace === pod.namespace && pod.claims.includes(claim ?? '');
        },
      },
      {
        resource: 'storage.k8s.io/VolumeAttachment',
        on: on.delete,
        hint: (pod, before) => (before as VolumeAttachment) !== undefined && pod.claims.length > 0,
      },
    ],
    preFilter: (_state, pod) => (pod.claims.length === 0 ? skip : undefined),
    filter: (_state, pod, node) => check(pod, node, listers),
  };
}

function check(pod: PodInfo, node: NodeInfo, listers: Listers): Status | undefined {
  const fresh: Volumes = new Map();
  for (const use of claimUses(pod.pod)) {
    const claim = listers.persistentVolumeClaims.get(pod.namespace, use.name);
    if (claim === undefined) {
      const what = `${pod.namespace}/${use.name}`;
      const text = `looking up PVC ${what}: persistentvolumeclaim "${use.name}" not found`;
      return unresolvable(name, text);
    }
    if (use.ephemeral && notOwned(pod.pod, claim) !== undefined) continue;
    add(fresh, claim, listers);
  }
  const limits = limitsOf(listers.csiNodes.get(undefined, node.name));
  if (fresh.size === 0 || limits.size === 0) return undefined;
  const attached = attachedTo(node, listers);
  const used = new Map<string, number>();
  for (const [volume, driver] of attached) {
    // A volume that is there already needs no further place.
    fresh.delete(volume);
    used.set(driver, (used.get(driver) ?? 0) + 1);
  }
  for (const driver of fresh.values()) used.set(driver, (used.get(driver) ?? 0) + 1);
  for (const driver of new Set(fresh.values())) {
    const limit = limits.get(driver);
    if (limit !== undefined && used.get(driver)! > limit) return tooMany;
  }
  return undefined;
}

/** Volumes of the node's pods, and others that are still attached. */
function attachedTo(node: NodeInfo, listers: Listers): Volumes {
  const volumes: Volumes = new Map();
  for (const other of node.pods) {
    for (const claimName of other.claims) {
      const claim = listers.persistentVolumeClaims.get(other.namespace, claimName);
      if (claim !== undefined) add(volumes, claim, listers);
    }
  }
  for (const { spec } of listers.volumeAttachments.list()) {
    const volumeName = spec.source.persistentVolumeName;
    if (spec.nodeName !== node.name || !spec.attacher || !volumeName) continue;
    const csi = listers.persistentVolumes.get(undefined, volumeName)?.spec?.csi;
    if (csi !== undefined) volumes.set(`${spec.attacher}/${csi.volumeHandle}`, spec.attacher);
  }
  return volumes;
}

/** The claim's volume, or the one its class's driver will make; nothing for other volumes. */
function add(volumes: Volumes, claim: PersistentVolumeClaim, listers: Listers): void {
  const volumeName = claim.spec?.volumeName;
  const volume = volumeName ? listers.persistentVolumes.get(undefined, volumeName) : undefined;
  if (volume !== undefined) {
    const csi = volume.spec?.csi;
    if (csi !== undefined) volumes.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    return;
  }
  const driver = listers.storageClasses.get(undefined, classOfClaim(claim))?.provisioner;
  const { namespace, name: claimName } = claim.metadata ?? {};
  if (driver) volumes.set(`${driver}/\0claim ${namespace}/${claimName}`, driver);
}

function limitsOf(csiNode: CSINode | undefined): Map<string, number> {
  const limits = new Map<string, number>();
  for (const driver of csiNode?.spec.drivers ?? []) {
    const count = driver.allocatable?.count;
    if (count !== undefined) limits.set(driver.name, count);
  }
  return limits;
}

function grew(before: CSINode | undefined, after: CSINode): boolean {
  if (before === undefined) return true;
  const was = limitsOf(before);
  const is = limitsOf(after);
  for (const [driver, limit] of was) if ((is.get(driver) ?? Infinity) > limit) return true;
  return false;
}

function isPlaced(pod: Pod): boolean {
  return Boolean(pod.spec?.nodeName);
}
