/** Plans which volumes a pod gets on a node, and carries the plan out. */
import type { Client } from '../../client/client.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import type {
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../machinery/schema/wire.ts';
import { milliValue } from '../cache/quantities.ts';
import type { Listers } from '../listers.ts';
import { AssumedObjects } from './assumed.ts';
import {
  allowsTopology,
  annotations,
  claimUses,
  classOfClaim,
  classOfVolume,
  isFullyBound,
  isMeantFor,
  noProvisioner,
  suitsNode,
} from './claims.ts';
import { findVolume, requestedSize } from './matching.ts';
import { BindingProgress } from './progress.ts';

/** A pod's claims by what is left to do. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** To be bound by others before the pod can be placed. */
  readonly immediate: readonly PersistentVolumeClaim[];
  /** To be bound once the pod has a node; the smallest first. */
  readonly delayed: readonly PersistentVolumeClaim[];
  /** Volumes of the classes of delayed claims. */
  readonly volumes: ReadonlyMap<string, readonly PersistentVolume[]>;
}

/** What is to be done for a pod on one node. */
export interface VolumePlan {
  readonly bindings: readonly {
    readonly volume: PersistentVolume;
    readonly claim: PersistentVolumeClaim;
  }[];
  readonly provisions: readonly PersistentVolumeClaim[];
}

const reasons = {
  nodeConflict: "node(s) didn't match PersistentVolume's node affinity",
  bindConflict: "node(s) didn't find available persistent volumes to bind",
  notEnoughSpace: 'node(s) did not have enough free storage',
  volumeGone: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const;

const pollMs = 200;

type BinderListers = Pick<
  Listers,
  | 'pods'
  | 'persistentVolumes'
  | 'persistentVolumeClaims'
  | 'storageClasses'
  | 'csiDrivers'
  | 'csiStorageCapacities'
>;

/** One per profile. */
export class VolumeBinder {
  readonly volumes: AssumedObjects<PersistentVolume>;
  readonly claims: AssumedObjects<PersistentVolumeClaim>;
  readonly #listers: BinderListers;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #progress: BindingProgress;

  constructor(listers: BinderListers, client: Client, clock: Clock, timeoutMs: number) {
    this.#listers = listers;
    this.#client = client;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.volumes = new AssumedObjects(listers.persistentVolumes);
    this.claims = new AssumedObjects(listers.persistentVolumeClaims);
    this.#progress = new BindingProgress(listers);
  }

  /** Sorts the pod's claims; throws when one is not there or its class is unusable. */
  claimsOf(pod: Pod): PodClaims {
    const bound: PersistentVolumeClaim[] = [];
    const immediate: PersistentVolumeClaim[] = [];
    const delayed: PersistentVolumeClaim[] = [];
    const namespace = pod.metadata?.namespace ?? '';
    for (const { name } of claimUses(pod)) {
      const claim = this.claims.get(namespace, name);
      if (claim === undefined) throw new Error(`error getting PVC "${namespace}/${name}"`);
      if (isFullyBound(claim)) bound.push(claim);
      else if (this.#isDelayed(claim) && !claim.spec?.volumeName) delayed.push(claim);
      else immediate.push(claim);
    }
    delayed.sort((a, b) => requestedSize(a) - requestedSize(b));
    const volumes = new Map<string, PersistentVolume[]>();
    for (const claim of delayed) volumes.set(classOfClaim(claim), []);
    if (delayed.length > 0) {
      for (const volume of this.volumes.list()) volumes.get(classOfVolume(volume))?.push(volume);
    }
    return { bound, immediate, delayed, volumes };
  }

  /** The plan for one node, or the reasons why there is none. Throws for unusable classes. */
  plan(
    claims: PodClaims,
    nodeName: string,
    labels: Record<string, string>,
  ): VolumePlan | readonly string[] {
    const found: string[] = [];
    let gone = false;
    for (const claim of claims.bound) {
      const volume = this.volumes.get(undefined, claim.spec?.volumeName ?? '');
      if (volume === undefined) {
        gone = true;
        break;
      }
      if (!suitsNode(volume, labels)) {
        found.push(reasons.nodeConflict);
        break;
      }
    }
    const plan = this.#planDelayed(claims, nodeName, labels);
    if (typeof plan === 'string') found.push(plan);
    if (gone) found.push(reasons.volumeGone);
    return found.length > 0 || typeof plan === 'string' ? found : plan;
  }

  /** Takes the plan for granted, so that other pods do not get the same volumes. */
  assume(plan: VolumePlan, nodeName: string): VolumePlan {
    const bindings = plan.bindings.map(({ volume, claim }) => {
      const next = boundTo(volume, claim);
      this.volumes.assume(next);
      return { volume: next, claim };
    });
    const provisions = plan.provisions.map((claim) => {
      const next = withAnnotation(claim, annotations.selectedNode, nodeName);
      this.claims.assume(next);
      return next;
    });
    return { bindings, provisions };
  }

  /** Takes an assumed plan back. */
  revert(plan: VolumePlan): void {
    for (const { volume } of plan.bindings) this.volumes.drop(volume);
    for (const claim of plan.provisions) this.claims.drop(claim);
  }

  /** Writes the plan and waits until every claim is bound; throws when it comes to nothing. */
  async bind(
    pod: Pod,
    plan: VolumePlan,
    nodeName: string,
    labels: () => Record<string, string> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const written: VolumePlan = {
      bindings: await Promise.all(
        plan.bindings.map(async ({ volume, claim }) => ({
          volume: await this.#client.update(persistentVolumes, volume),
          claim,
        })),
      ),
      provisions: await Promise.all(
        plan.provisions.map((claim) => this.#client.update(persistentVolumeClaims, claim)),
      ),
    };
    const until = this.#clock.now() + this.#timeoutMs;
    while (!this.#progress.isDone(pod, written, nodeName, labels())) {
      signal.throwIfAborted();
      if (this.#clock.now() >= until) {
        throw new Error('binding volumes: context deadline exceeded');
      }
      await new Promise<void>((resolve) => {
        this.#clock.after(pollMs, resolve);
      });
    }
  }

  #isDelayed(claim: PersistentVolumeClaim): boolean {
    const name = classOfClaim(claim);
    if (name === '') return false;
    const found = this.#listers.storageClasses.get(undefined, name);
    if (found === undefined) return false;
    if (found.volumeBindingMode === undefined) {
      throw new Error(`VolumeBindingMode not set for StorageClass "${name}"`);
    }
    return found.volumeBindingMode === 'WaitForFirstConsumer';
  }

  #planDelayed(
    claims: PodClaims,
    nodeName: string,
    labels: Record<string, string>,
  ): VolumePlan | string {
    const bindings: VolumePlan['bindings'][number][] = [];
    const provisions: PersistentVolumeClaim[] = [];
    const taken = new Set<string>();
    for (const claim of claims.delayed) {
      const selected = claim.metadata?.annotations?.[annotations.selectedNode];
      if (selected !== undefined && selected !== nodeName) return reasons.bindConflict;
      const volumes = claims.volumes.get(classOfClaim(claim)) ?? [];
      const volume = selected === undefined ? findVolume(claim, volumes, labels, taken) : undefined;
      if (volume === undefined) provisions.push(claim);
      else {
        taken.add(volume.metadata?.name ?? '');
        bindings.push({ volume, claim });
      }
    }
    for (const claim of provisions) {
      const problem = this.#cannotProvision(claim, labels);
      if (problem !== undefined) return problem;
    }
    return { bindings, provisions };
  }

  #cannotProvision(
    claim: PersistentVolumeClaim,
    labels: Record<string, string>,
  ): string | undefined {
    const name = classOfClaim(claim);
    const found = this.#listers.storageClasses.get(undefined, name);
    if (found === undefined) throw new Error(`failed to find storage class "${name}"`);
    if (!found.provisioner || found.provisioner === noProvisioner) return reasons.bindConflict;
    if (!allowsTopology(found, labels)) return reasons.bindConflict;
    return this.#hasRoom(claim, found, labels) ? undefined : reasons.notEnoughSpace;
  }

  /** Drivers that publish their capacity are asked for it. */
  #hasRoom(
    claim: PersistentVolumeClaim,
    storageClass: StorageClass,
    labels: Record<string, string>,
  ): boolean {
    const size = requestedSize(claim);
    const driver = this.#listers.csiDrivers.get(undefined, storageClass.provisioner);
    if (size === 0 || driver?.spec.storageCapacity !== true) return true;
    return this.#listers.csiStorageCapacities
      .list()
      .some(
        (capacity) =>
          capacity.storageClassName === storageClass.metadata?.name &&
          volumeLimit(capacity) >= size &&
          capacity.nodeTopology !== undefined &&
          selectorOf(capacity.nodeTopology).matches(labels),
      );
  }
}

function volumeLimit(capacity: CSIStorageCapacity): number {
  const limit = capacity.maximumVolumeSize ?? capacity.capacity;
  return limit === undefined ? -1 : milliValue(limit);
}

function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const meant = isMeantFor(volume, claim);
  const { namespace, name, uid, resourceVersion } = claim.metadata ?? {};
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const next = { ...volume, spec: { ...volume.spec, claimRef } };
  return meant ? next : withAnnotation(next, annotations.boundByController, 'yes');
}

function withAnnotation<T extends PersistentVolume | PersistentVolumeClaim>(
  object: T,
  key: string,
  value: string,
): T {
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, [key]: value } },
  };
}
