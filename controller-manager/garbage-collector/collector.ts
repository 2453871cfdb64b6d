/** Works the graph's queues: decides about single objects, always on the server's latest word. */
import { Lru } from '../../client/lru.ts';
import type { OwnerReference } from '../../machinery/schema/wire.ts';
import {
  foregroundFinalizer,
  type GraphNode,
  type Identity,
  matches,
  type OwnerGraph,
  orphanFinalizer,
} from './graph.ts';
import { NamespacedOwnerError, type ObjectAccess } from './object-access.ts';
import { type ClassifiedReference, type OwnerState, planGarbage } from './plan.ts';

const absentCacheSize = 500;

/** Owners that are known not to exist. */
export class AbsentOwners {
  private readonly known = new Lru<true>(absentCacheSize);

  add(identity: Identity): void {
    this.known.set(textOf(identity), true);
  }

  /** For a reference from a namespace; owners may be cluster-scoped. */
  has(reference: OwnerReference, namespace: string): boolean {
    return ['', namespace].some(
      (n) => this.known.get(textOf({ ...reference, namespace: n })) !== undefined,
    );
  }
}

function textOf(i: Identity): string {
  return [i.apiVersion, i.kind, i.namespace, i.name, i.uid].join('|');
}

export class Collector {
  private readonly graph: OwnerGraph;
  private readonly absent: AbsentOwners;
  private readonly access: ObjectAccess;
  private readonly wake: (uid: string) => void;

  constructor(
    graph: OwnerGraph,
    absent: AbsentOwners,
    access: ObjectAccess,
    /** Puts an object into the delete queue. */
    wake: (uid: string) => void,
  ) {
    this.graph = graph;
    this.absent = absent;
    this.access = access;
    this.wake = wake;
  }

  /** Deletes the object if all its owners are gone. Throws to be called again later. */
  async attemptToDelete(uid: string, signal: AbortSignal): Promise<void> {
    const node = this.graph.node(uid);
    if (node === undefined) return;
    if (node.beingDeleted && !node.deletingDependents) return;
    try {
      if (node.virtual) await this.checkVirtual(node, signal);
      else if (node.deletingDependents) await this.finishForeground(node, signal);
      else await this.collect(node, signal);
    } catch (e) {
      // A mistake in the object that trying again does not mend.
      if (!(e instanceof NamespacedOwnerError)) throw e;
    }
  }

  /** Releases all dependents of an object, then lets it go. */
  async attemptToOrphan(uid: string, signal: AbortSignal): Promise<void> {
    const node = this.graph.node(uid);
    if (node === undefined) return;
    const results = await Promise.allSettled(
      [...node.dependents].map((d) => this.access.dropReferences(d.identity, [uid], signal)),
    );
    const failed = results.find((r) => r.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await this.access.removeFinalizer(node.identity, orphanFinalizer, signal);
  }

  /** Never seen by a watch: does it exist? */
  private async checkVirtual(node: GraphNode, signal: AbortSignal): Promise<void> {
    const { identity } = node;
    const live = await this.access.get(identity, signal);
    if (live === undefined) this.graph.forgetVirtual(identity);
    else if (this.graph.node(identity.uid)?.virtual === true) {
      throw new Error(`${identity.kind} ${identity.name} is not seen by its watch yet`);
    }
  }

  private async finishForeground(node: GraphNode, signal: AbortSignal): Promise<void> {
    const { uid } = node.identity;
    const blocking = [...node.dependents].filter((d) =>
      d.owners.some((o) => o.uid === uid && o.blockOwnerDeletion === true),
    );
    for (const d of blocking) if (!d.deletingDependents) this.wake(d.identity.uid);
    if (blocking.length > 0) return;
    await this.access.removeFinalizer(node.identity, foregroundFinalizer, signal);
  }

  private async collect(node: GraphNode, signal: AbortSignal): Promise<void> {
    // Most are asked about in passing; the graph alone knows that their owners are well.
    if (node.owners.every((o) => this.isSolid(o, node))) return;
    const { identity } = node;
    const live = await this.access.get(identity, signal);
    if (live === undefined) {
      this.graph.forgetVirtual(identity);
      return;
    }
    const classified: ClassifiedReference[] = [];
    for (const reference of live.metadata?.ownerReferences ?? []) {
      classified.push({ reference, state: await this.stateOf(reference, node, signal) });
    }
    const action = planGarbage(live.metadata ?? {}, classified, [...node.dependents]);
    if (action.type === 'dropReferences') {
      await this.access.dropReferences(identity, action.uids, signal);
    } else if (action.type === 'delete') {
      if (action.unblock) {
        await this.access.unblockReferences(identity, node.owners, signal);
      }
      const seen = action.unblock ? ((await this.access.get(identity, signal)) ?? live) : live;
      const found = await this.access.delete(identity, seen, action.policy, signal);
      if (!found) this.graph.forgetVirtual(identity);
    }
  }

  /** The graph has seen the owner, it is where the reference says and stays. */
  private isSolid(reference: OwnerReference, node: GraphNode): boolean {
    const owner = this.graph.node(reference.uid);
    if (owner === undefined || owner.virtual || owner.deletingDependents) return false;
    const { namespace } = owner.identity;
    const reachable = namespace === '' || namespace === node.identity.namespace;
    return reachable && matches(reference, owner.identity);
  }

  private async stateOf(
    reference: OwnerReference,
    node: GraphNode,
    signal: AbortSignal,
  ): Promise<OwnerState> {
    const { namespace } = node.identity;
    if (this.absent.has(reference, namespace)) return 'dangling';
    const { apiVersion, kind, name, uid } = reference;
    const identity = { apiVersion, kind, name, uid, namespace };
    const owner = await this.access.get(identity, signal);
    if (owner === undefined) {
      const { resource } = this.access.locate(identity);
      this.absent.add({ ...identity, namespace: resource.namespaced ? namespace : '' });
      return 'dangling';
    }
    const waits =
      owner.metadata?.deletionTimestamp !== undefined &&
      owner.metadata.finalizers?.includes(foregroundFinalizer) === true;
    return waits ? 'waiting' : 'solid';
  }
}
