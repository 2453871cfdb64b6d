/** VolumeZone: volumes labelled with a zone or region are used there only. */
import type { PersistentVolume, PersistentVolumeClaim } from '../../machinery/schema/wire.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { on } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import type { Handle, Plugin } from '../framework.ts';
import type { Listers } from '../listers.ts';
import { Status, skip, unresolvable } from '../status.ts';
import { claimNotFound, claimUses, classOfClaim } from '../volumes/claims.ts';

const name = 'VolumeZone';
const elsewhere = unresolvable(name, 'node(s) had no available volume zone');

/** Labels of volumes and nodes; the older ones are matched with the newer ones of nodes. */
const labels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
};

interface Place {
  readonly label: string;
  readonly values: ReadonlySet<string>;
}

const places = stateKey<readonly Place[]>(name);

export function volumeZone(handle: Pick<Handle, 'listers'>): Plugin {
  return {
    name,
    wakesOn: [
      { resource: 'storage.k8s.io/StorageClass', on: on.add },
      { resource: 'Node', on: on.add | on.updateNodeLabel },
      {
        resource: 'PersistentVolumeClaim',
        on: on.add | on.update,
        hint(pod, _before, after) {
          const { namespace, name: claim } = (after as PersistentVolumeClaim).metadata ?? {};
          return namespace === pod.namespace && pod.claims.includes(claim ?? '');
        },
      },
      { resource: 'PersistentVolume', on: on.add | on.update },
    ],
    preFilter(state, pod) {
      if (pod.claims.length === 0) return skip;
      const found = placesOf(pod, handle.listers);
      if (found instanceof Status) return found;
      if (found.length === 0) return skip;
      state.write(places, found);
      return undefined;
    },
    filter(state, _pod, node) {
      // A node without any such label belongs to a cluster without zones.
      if (!Object.keys(labels).some((label) => node.labels[label] !== undefined)) return undefined;
      for (const { label, values } of state.read(places)!) {
        const value = node.labels[label] ?? node.labels[labels[label]!];
        if (value === undefined || !values.has(value)) return elsewhere;
      }
      return undefined;
    },
  };
}

function placesOf(pod: PodInfo, listers: Listers): Place[] | Status {
  const found: Place[] = [];
  for (const use of claimUses(pod.pod)) {
    // Claims made for the pod are looked at once they are bound like any other.
    const claim = listers.persistentVolumeClaims.get(pod.namespace, use.name);
    if (claim === undefined) return unresolvable(name, claimNotFound(use.name));
    const volumeName = claim.spec?.volumeName;
    if (!volumeName) {
      const problem = unboundProblem(claim, listers);
      if (problem !== undefined) return unresolvable(name, problem);
      continue;
    }
    const volume = listers.persistentVolumes.get(undefined, volumeName);
    if (volume === undefined) {
      return unresolvable(name, `persistentvolume "${volumeName}" not found`);
    }
    found.push(...placesOfVolume(volume));
  }
  return found;
}

/** What speaks against a claim without a volume; nothing when it waits for its pod. */
function unboundProblem(claim: PersistentVolumeClaim, listers: Listers): string | undefined {
  const className = classOfClaim(claim);
  if (className === '') return 'PersistentVolumeClaim had no pv name and storageClass name';
  const found = listers.storageClasses.get(undefined, className);
  if (found === undefined) return `storageclass.storage.k8s.io "${className}" not found`;
  if (found.volumeBindingMode === undefined) {
    return `VolumeBindingMode not set for StorageClass "${className}"`;
  }
  return found.volumeBindingMode === 'WaitForFirstConsumer'
    ? undefined
    : 'PersistentVolume had no name';
}

function placesOfVolume(volume: PersistentVolume): Place[] {
  return Object.keys(labels).flatMap((label) => {
    const text = volume.metadata?.labels?.[label];
    if (text === undefined) return [];
    // Volumes that span zones join their names with two underscores.
    const values = text.split('__').map((value) => value.trim());
    return values.some((value) => value === '') ? [] : [{ label, values: new Set(values) }];
  });
}
