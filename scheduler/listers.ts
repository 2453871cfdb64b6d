/** What plugins look up besides nodes and pods: read-only views of the informers' caches. */
import type * as wire from '../machinery/schema/wire.ts';

/** One kind's cache. */
export interface Lister<T> {
  get(namespace: string | undefined, name: string): T | undefined;
  /** All of them, or those of one namespace. */
  list(namespace?: string): readonly T[];
}

/** The caches plugins use. */
export interface Listers {
  readonly pods: Lister<wire.Pod>;
  readonly namespaces: Lister<wire.Namespace>;
  readonly services: Lister<wire.Service>;
  readonly replicationControllers: Lister<wire.ReplicationController>;
  readonly replicaSets: Lister<wire.ReplicaSet>;
  readonly statefulSets: Lister<wire.StatefulSet>;
  readonly podDisruptionBudgets: Lister<wire.PodDisruptionBudget>;
  readonly persistentVolumes: Lister<wire.PersistentVolume>;
  readonly persistentVolumeClaims: Lister<wire.PersistentVolumeClaim>;
  readonly storageClasses: Lister<wire.StorageClass>;
  readonly csiNodes: Lister<wire.CSINode>;
  readonly csiDrivers: Lister<wire.CSIDriver>;
  readonly csiStorageCapacities: Lister<wire.CSIStorageCapacity>;
  readonly volumeAttachments: Lister<wire.VolumeAttachment>;
}
