/**
 * What a node has to do with objects: what the pods that run on it refer to. Told from the watch
 * cache at the time of asking; what a pod refers to is worked out once for each of its states.
 */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceSlice,
  VolumeAttachment,
} from '../../../machinery/schema/wire.ts';
import type { ResourceCache } from '../../storage/cache/resource-cache.ts';
import type { StoredObject } from '../../storage/cache/stored-object.ts';
import { claimNames, configMapNames, secretNames } from './pod-references.ts';

/** Kinds of objects that nodes may see some of. */
export type RelatedKind =
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'pods'
  | 'resourceclaims'
  | 'resourceslices'
  | 'secrets'
  | 'serviceaccounts'
  | 'volumeattachments';

/** The caches that relations are told from. */
export interface RelationCaches {
  readonly pods: ResourceCache;
  readonly persistentVolumes: ResourceCache;
  readonly persistentVolumeClaims: ResourceCache;
  readonly volumeAttachments: ResourceCache;
  readonly resourceSlices: ResourceCache;
}

const mirror = 'kubernetes.io/config.mirror';

export class NodeRelations {
  readonly #caches: RelationCaches;
  readonly #references = new WeakMap<StoredObject, ReadonlySet<string>>();

  constructor(caches: RelationCaches) {
    this.#caches = caches;
  }

  /** Whether the object has to do with the node. Objects that are not there have not. */
  related(node: string, kind: RelatedKind, namespace: string, name: string): boolean {
    switch (kind) {
      case 'pods':
        return this.#caches.pods.get(namespace, name)?.field('spec.nodeName') === node;
      case 'volumeattachments': {
        const found = this.#caches.volumeAttachments.get('', name);
        return found?.shared<VolumeAttachment>().spec.nodeName === node;
      }
      case 'resourceslices': {
        const found = this.#caches.resourceSlices.get('', name);
        return found?.shared<ResourceSlice>().spec.nodeName === node;
      }
      case 'persistentvolumes': {
        const claim = this.#claimOf(name);
        return (
          claim !== undefined &&
          this.#referred(node, 'persistentvolumeclaims', claim.namespace, claim.name)
        );
      }
      case 'secrets':
        return this.#referred(node, kind, namespace, name) || this.#ofVolume(node, namespace, name);
      default:
        return this.#referred(node, kind, namespace, name);
    }
  }

  /** Whether some pod on the node refers to the object. */
  #referred(node: string, kind: RelatedKind, namespace: string, name: string): boolean {
    for (const pod of this.#podsOn(node)) {
      if (pod.namespace !== namespace) continue;
      if (this.#referencesOf(pod).has(`${kind}/${name}`)) return true;
    }
    return false;
  }

  /** Whether a volume that some pod on the node claims is mounted with the secret. */
  #ofVolume(node: string, namespace: string, secret: string): boolean {
    const { persistentVolumeClaims: claims, persistentVolumes: volumes } = this.#caches;
    for (const pod of this.#podsOn(node)) {
      for (const reference of this.#referencesOf(pod)) {
        if (!reference.startsWith('persistentvolumeclaims/')) continue;
        const name = reference.slice('persistentvolumeclaims/'.length);
        const claim = claims.get(pod.namespace, name)?.shared<PersistentVolumeClaim>();
        const volumeName = claim?.spec?.volumeName;
        if (!volumeName) continue;
        const bound = this.#claimOf(volumeName);
        if (bound?.name !== name || bound.namespace !== pod.namespace) continue;
        const volume = volumes.get('', volumeName)!.shared<PersistentVolume>();
        const uses = volumeSecrets(volume, pod.namespace);
        if (uses.some((s) => s.name === secret && s.namespace === namespace)) return true;
      }
    }
    return false;
  }

  /** The claim that a volume is bound to. */
  #claimOf(volume: string): { namespace: string; name: string } | undefined {
    const stored = this.#caches.persistentVolumes.get('', volume);
    const ref = stored?.shared<PersistentVolume>().spec?.claimRef;
    return ref === undefined ? undefined : { namespace: ref.namespace ?? '', name: ref.name ?? '' };
  }

  #podsOn(node: string): readonly StoredObject[] {
    return this.#caches.pods.indexed('spec.nodeName', node) ?? [];
  }

  #referencesOf(stored: StoredObject): ReadonlySet<string> {
    let found = this.#references.get(stored);
    if (found === undefined) {
      found = new Set(referencesOf(stored.shared<Pod>()));
      this.#references.set(stored, found);
    }
    return found;
  }
}

/** `kind/name` of all that a pod refers to; nothing for pods that a kubelet made itself. */
export function referencesOf(pod: Pod): string[] {
  if (pod.metadata?.annotations?.[mirror] !== undefined) return [];
  const of = (kind: RelatedKind, names: readonly string[]) => names.map((n) => `${kind}/${n}`);
  const account = pod.spec?.serviceAccountName ?? '';
  return [
    ...of('serviceaccounts', account === '' ? [] : [account]),
    ...of('secrets', secretNames(pod)),
    ...of('configmaps', configMapNames(pod)),
    ...of('persistentvolumeclaims', claimNames(pod)),
    ...of('resourceclaims', resourceClaimNames(pod)),
  ];
}

/** Claims that are named, and those made from templates as the status tells. */
function resourceClaimNames(pod: Pod): string[] {
  const names: (string | undefined)[] = [];
  for (const claim of pod.spec?.resourceClaims ?? []) {
    const made = pod.status?.resourceClaimStatuses?.find((s) => s.name === claim.name);
    names.push(claim.resourceClaimName ?? made?.resourceClaimName);
  }
  names.push(pod.status?.extendedResourceClaimStatus?.resourceClaimName);
  return names.filter((n): n is string => n !== undefined && n !== '');
}

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** Secrets that a kubelet mounts a volume with; without a namespace, that of the claim is meant. */
export function volumeSecrets(volume: PersistentVolume, claimNamespace: string): SecretName[] {
  const spec = volume.spec ?? {};
  const refs: ({ name?: string; namespace?: string } | undefined)[] = [
    spec.azureFile === undefined
      ? undefined
      : {
          name: spec.azureFile.secretName,
          ...(spec.azureFile.secretNamespace === undefined
            ? {}
            : { namespace: spec.azureFile.secretNamespace }),
        },
    spec.cephfs?.secretRef,
    spec.cinder?.secretRef,
    spec.flexVolume?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.iscsi?.secretRef,
    spec.storageos?.secretRef,
    spec.csi?.nodePublishSecretRef,
    spec.csi?.nodeStageSecretRef,
    spec.csi?.nodeExpandSecretRef,
  ];
  return refs
    .filter((r) => r?.name)
    .map((r) => ({ namespace: r!.namespace || claimNamespace, name: r!.name! }));
}
