/** VolumeBinding: the pod's claims are bound, or can be once the pod has this node. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type {
  CSIDriver,
  CSIStorageCapacity,
  PersistentVolumeClaim,
  StorageClass,
} from '../../machinery/schema/wire.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { milliValue } from '../cache/quantities.ts';
import { on, type Wake } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import type { Handle, Plugin } from '../framework.ts';
import type { Listers } from '../listers.ts';
import { failure, Status, skip, unresolvable } from '../status.ts';
import { type PodClaims, VolumeBinder, type VolumePlan } from '../volumes/binder.ts';
import { claimNotFound, claimUses, notOwned } from '../volumes/claims.ts';

const name = 'VolumeBinding';
const unbound = unresolvable(name, 'pod has unbound immediate PersistentVolumeClaims');

/** VolumeBindingArgs. */
export interface VolumeBindingArgs {
  readonly bindTimeoutSeconds?: number;
}

interface Notes {
  readonly claims: PodClaims;
  /** Plans by node name, made while filtering. */
  readonly plans: Map<string, VolumePlan>;
  /** The plan for the chosen node, once it is assumed and has anything to do. */
  assumed: VolumePlan | undefined;
}

const notes = stateKey<Notes>(name);

export function volumeBinding(args: VolumeBindingArgs = {}, handle: Handle): Plugin {
  const timeoutMs = (args.bindTimeoutSeconds ?? 600) * 1000;
  const { listers, client, clock, cache } = handle;
  const binder = new VolumeBinder(listers, client, clock, timeoutMs);
  return {
    name,
    wakesOn,
    preFilter(state, pod) {
      if (pod.claims.length === 0) return skip;
      const problem = claimProblem(pod, listers);
      if (problem !== undefined) return unresolvable(name, problem);
      let claims: PodClaims;
      try {
        claims = binder.claimsOf(pod.pod);
      } catch (e) {
        return failure(name, e);
      }
      if (claims.immediate.length > 0) return unbound;
      state.write(notes, { claims, plans: new Map(), assumed: undefined });
      return undefined;
    },
    filter(state, _pod, node) {
      const { claims, plans } = state.read(notes)!;
      try {
        const plan = binder.plan(claims, node.name, node.labels);
        if (!('bindings' in plan)) return unresolvable(name, ...plan);
        plans.set(node.name, plan);
        return undefined;
      } catch (e) {
        return failure(name, e);
      }
    },
    reserve(state, _pod, nodeName) {
      const own = state.read(notes);
      const plan = own?.plans.get(nodeName);
      if (own === undefined || plan === undefined) return undefined;
      if (plan.bindings.length + plan.provisions.length === 0) return undefined;
      own.assumed = binder.assume(plan, nodeName);
      return undefined;
    },
    unreserve(state) {
      const own = state.read(notes);
      if (own?.assumed === undefined) return;
      binder.revert(own.assumed);
      own.assumed = undefined;
    },
    needsPreBind: (state) => state.read(notes)?.assumed !== undefined,
    async preBind(state, pod, nodeName, signal) {
      const plan = state.read(notes)?.assumed;
      if (plan === undefined) return undefined;
      try {
        const labels = () => cache.node(nodeName)?.labels;
        await binder.bind(pod.pod, plan, nodeName, labels, signal);
        return undefined;
      } catch (e) {
        return new Status('Error', name, [], e instanceof Error ? e : new Error(String(e)));
      }
    },
  };
}

/** The first claim that is missing or unusable, in words. */
function claimProblem(pod: PodInfo, listers: Listers): string | undefined {
  for (const { name: claimName, ephemeral } of claimUses(pod.pod)) {
    const claim = listers.persistentVolumeClaims.get(pod.namespace, claimName);
    if (claim === undefined) {
      if (!ephemeral) return claimNotFound(claimName);
      const what = `the persistentvolumeclaim "${claimName}"`;
      return `waiting for ephemeral volume controller to create ${what}`;
    }
    if (claim.status?.phase === 'Lost') {
      const volume = claim.spec?.volumeName ?? '';
      const where = `bound to non-existent persistentvolume "${volume}"`;
      return `persistentvolumeclaim "${claimName}" ${where}`;
    }
    if (claim.metadata?.deletionTimestamp !== undefined) {
      return `persistentvolumeclaim "${claimName}" is being deleted`;
    }
    const stranger = ephemeral ? notOwned(pod.pod, claim) : undefined;
    if (stranger !== undefined) return stranger;
  }
  return undefined;
}

const wakesOn: readonly Wake[] = [
  {
    resource: 'storage.k8s.io/StorageClass',
    on: on.add | on.update,
    hint: (_pod, before, after) =>
      before === undefined ||
      !deepEqual(
        (before as StorageClass).allowedTopologies,
        (after as StorageClass).allowedTopologies,
      ),
  },
  {
    resource: 'PersistentVolumeClaim',
    on: on.add | on.update,
    hint(pod, _before, after) {
      const { namespace, name: claimName = '' } = (after as PersistentVolumeClaim).metadata ?? {};
      return namespace === pod.namespace && pod.claims.includes(claimName);
    },
  },
  { resource: 'PersistentVolume', on: on.add | on.update },
  { resource: 'Node', on: on.add | on.updateNodeLabel },
  {
    resource: 'storage.k8s.io/CSINode',
    on: on.add | on.update,
    hint: (_pod, before) => before === undefined,
  },
  {
    resource: 'storage.k8s.io/CSIDriver',
    on: on.update,
    hint: (_pod, before, after) =>
      (before as CSIDriver).spec.storageCapacity === true &&
      (after as CSIDriver).spec.storageCapacity !== true,
  },
  {
    resource: 'storage.k8s.io/CSIStorageCapacity',
    on: on.add | on.update,
    hint(_pod, before, after) {
      if (before === undefined) return true;
      const limit = (c: CSIStorageCapacity) => milliValue(c.maximumVolumeSize ?? c.capacity ?? '0');
      return limit(after as CSIStorageCapacity) > limit(before as CSIStorageCapacity);
    },
  },
];
