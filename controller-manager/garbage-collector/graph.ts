/**
 * Who owns whom: a graph over all objects, fed by watches. It holds what collecting needs and no
 * more. An owner that was never seen stands in it as a virtual node until the server has said
 * whether it exists. Rules of ownership: garbage collection page of the API documentation.
 */
import type { ObjectMeta, OwnerReference } from '../../machinery/schema/wire.ts';

/** Namespace '' means cluster-scoped. */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

export interface GraphNode {
  readonly identity: Identity;
  readonly owners: readonly OwnerReference[];
  readonly dependents: ReadonlySet<GraphNode>;
  /** Being deleted in the foreground: waits for those dependents that block it. */
  readonly deletingDependents: boolean;
  readonly beingDeleted: boolean;
  /** Known from references only. */
  readonly virtual: boolean;
}

/** What changes of the graph call for. All of it may be asked for too often, never too rarely. */
export interface GraphEffects {
  /** Look whether this object must go. */
  attemptToDelete(uid: string): void;
  /** The same after a pause. */
  attemptToDeleteLater(uid: string): void;
  /** Release the dependents of this object. */
  attemptToOrphan(uid: string): void;
  /** This object is known not to exist. */
  absent(identity: Identity): void;
  /** The node names an owner of this uid that lives in another namespace. */
  invalidNamespace(node: GraphNode, ownerUid: string): void;
}

interface MutableNode extends GraphNode {
  identity: Identity;
  owners: readonly OwnerReference[];
  dependents: Set<MutableNode>;
  deletingDependents: boolean;
  beingDeleted: boolean;
  orphaning: boolean;
  virtual: boolean;
}

/** The part of an object that the graph looks at. */
export type GraphMeta = Pick<ObjectMeta, 'ownerReferences' | 'finalizers' | 'deletionTimestamp'>;

const none: readonly OwnerReference[] = [];

export class OwnerGraph {
  private readonly nodes = new Map<string, MutableNode>();
  private readonly effects: GraphEffects;

  constructor(effects: GraphEffects) {
    this.effects = effects;
  }

  node(uid: string): GraphNode | undefined {
    return this.nodes.get(uid);
  }

  get size(): number {
    return this.nodes.size;
  }

  /** An object was seen by a watch, new or changed. */
  observe(identity: Identity, meta: GraphMeta): void {
    const owners = meta.ownerReferences ?? none;
    let node = this.nodes.get(identity.uid);
    if (node === undefined) {
      node = newNode(identity, owners, false);
      this.nodes.set(identity.uid, node);
      this.joinOwners(node, owners);
    } else {
      if (node.virtual) this.becomeReal(node, identity);
      this.changeOwners(node, owners);
    }
    this.noteDeletion(node, meta);
  }

  /** A watch saw the object go. */
  forget(identity: Identity): void {
    const node = this.nodes.get(identity.uid);
    if (node === undefined) return;
    this.remove(node, identity);
  }

  /** The server said that there is no such object. */
  forgetVirtual(identity: Identity): void {
    const node = this.nodes.get(identity.uid);
    if (node === undefined) return;
    const dependents = [...node.dependents];
    const fits = dependents.filter((d) => refersTo(d, identity));
    const others = dependents.filter((d) => refersOtherwise(d, identity));
    const same = sameIdentity(node.identity, identity);
    // Others know the uid by another name, or we have seen it: that one may well exist.
    if ((node.virtual && others.length > 0) || (!node.virtual && !same)) {
      if (fits.length > 0) this.effects.absent(identity);
      for (const d of fits) this.effects.attemptToDelete(d.identity.uid);
      const other = node.virtual && same ? alternateIdentity(others, identity) : undefined;
      if (other !== undefined) {
        node.identity = other;
        this.effects.attemptToDeleteLater(other.uid);
      }
      return;
    }
    this.remove(node, identity);
  }

  private remove(node: MutableNode, identity: Identity): void {
    this.nodes.delete(node.identity.uid);
    for (const owner of node.owners) this.nodes.get(owner.uid)?.dependents.delete(node);
    if (node.dependents.size > 0) this.effects.absent(identity);
    for (const d of node.dependents) this.effects.attemptToDelete(d.identity.uid);
    for (const owner of node.owners) {
      // It may have waited for this one only.
      if (this.nodes.get(owner.uid)?.deletingDependents === true) {
        this.effects.attemptToDelete(owner.uid);
      }
    }
  }

  private becomeReal(node: MutableNode, identity: Identity): void {
    if (!sameIdentity(node.identity, identity)) {
      for (const d of node.dependents) {
        if (!refersOtherwise(d, identity)) continue;
        const foreign = identity.namespace !== '' && d.identity.namespace !== identity.namespace;
        if (foreign) this.effects.invalidNamespace(d, identity.uid);
        this.effects.attemptToDelete(d.identity.uid);
      }
      node.identity = identity;
    }
    node.virtual = false;
  }

  private joinOwners(node: MutableNode, owners: readonly OwnerReference[]): void {
    let suspicious = false;
    for (const reference of owners) {
      let owner = this.nodes.get(reference.uid);
      if (owner === undefined) {
        const { apiVersion, kind, name, uid } = reference;
        const { namespace } = node.identity;
        owner = newNode({ apiVersion, kind, name, uid, namespace }, none, true);
        this.nodes.set(uid, owner);
        owner.dependents.add(node);
        this.effects.attemptToDelete(uid);
        continue;
      }
      owner.dependents.add(node);
      const foreign =
        owner.identity.namespace !== '' && owner.identity.namespace !== node.identity.namespace;
      if (foreign && !owner.virtual && !suspicious) {
        this.effects.invalidNamespace(node, reference.uid);
      }
      const guessed = owner.virtual && owner.identity.namespace !== node.identity.namespace;
      suspicious ||= foreign || guessed || !matches(reference, owner.identity);
    }
    if (suspicious) this.effects.attemptToDelete(node.identity.uid);
  }

  private changeOwners(node: MutableNode, owners: readonly OwnerReference[]): void {
    const before = new Map(node.owners.map((o) => [o.uid, o]));
    const now = new Map(owners.map((o) => [o.uid, o]));
    for (const [uid, old] of before) {
      // An owner that was blocked by this one may go on.
      const unblocked =
        old.blockOwnerDeletion === true && now.get(uid)?.blockOwnerDeletion !== true;
      if (unblocked && this.nodes.has(uid)) this.effects.attemptToDelete(uid);
    }
    node.owners = owners;
    this.joinOwners(
      node,
      owners.filter((o) => !before.has(o.uid)),
    );
    for (const uid of before.keys()) {
      if (!now.has(uid)) this.nodes.get(uid)?.dependents.delete(node);
    }
  }

  private noteDeletion(node: MutableNode, meta: GraphMeta): void {
    if (meta.deletionTimestamp === undefined) return;
    node.beingDeleted = true;
    const finalizers = meta.finalizers ?? [];
    const orphans = finalizers.includes(orphanFinalizer);
    const waits = finalizers.includes(foregroundFinalizer);
    if (orphans && !node.orphaning) {
      node.orphaning = true;
      this.effects.attemptToOrphan(node.identity.uid);
    } else if (waits && !node.deletingDependents) {
      node.deletingDependents = true;
      for (const d of node.dependents) this.effects.attemptToDelete(d.identity.uid);
      this.effects.attemptToDelete(node.identity.uid);
    }
  }
}

function newNode(
  identity: Identity,
  owners: readonly OwnerReference[],
  virtual: boolean,
): MutableNode {
  return {
    identity,
    owners,
    dependents: new Set(),
    deletingDependents: false,
    beingDeleted: false,
    orphaning: false,
    virtual,
  };
}

/** All that a reference says of its owner fits. */
export function matches(reference: OwnerReference, owner: Identity): boolean {
  return (
    reference.uid === owner.uid &&
    reference.name === owner.name &&
    reference.kind === owner.kind &&
    reference.apiVersion === owner.apiVersion
  );
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return (
    a.uid === b.uid &&
    a.name === b.name &&
    a.namespace === b.namespace &&
    a.kind === b.kind &&
    a.apiVersion === b.apiVersion
  );
}

function isReachable(node: GraphNode, owner: Identity): boolean {
  return owner.namespace === '' || owner.namespace === node.identity.namespace;
}

function refersTo(node: GraphNode, owner: Identity): boolean {
  return isReachable(node, owner) && node.owners.some((o) => matches(o, owner));
}

function refersOtherwise(node: GraphNode, owner: Identity): boolean {
  if (!isReachable(node, owner)) return true;
  return node.owners.some((o) => o.uid === owner.uid && !matches(o, owner));
}

/** What else the uid may be by its dependents: the next in order, round and round. */
function alternateIdentity(
  dependents: readonly GraphNode[],
  absent: Identity,
): Identity | undefined {
  const candidates = new Map<string, Identity>();
  for (const d of dependents) {
    for (const { apiVersion, kind, name, uid } of d.owners) {
      if (uid !== absent.uid) continue;
      const clusterScoped =
        absent.namespace === '' && apiVersion === absent.apiVersion && kind === absent.kind;
      const namespace = clusterScoped ? '' : d.identity.namespace;
      const identity = { apiVersion, kind, name, uid, namespace };
      if (!sameIdentity(identity, absent)) candidates.set(orderText(identity), identity);
    }
  }
  const ordered = [...candidates.keys()].sort();
  const next = ordered.find((text) => text > orderText(absent)) ?? ordered[0];
  return next === undefined ? undefined : candidates.get(next);
}

function orderText(i: Identity): string {
  return [i.kind, i.apiVersion, i.namespace, i.name].join('\0');
}
