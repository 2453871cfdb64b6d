/**
 * What the scheduler believes the cluster looks like: nodes, the pods on them, and the pods it has
 * placed but whose binding it has not seen yet ("assumed"). Everything runs on one thread and a
 * scheduling cycle does not await, so the cache itself is the snapshot a cycle works on.
 *
 * As in v1.36 an assumed pod does not expire: it stays until the informer shows it bound or gone,
 * or the scheduler forgets it.
 */
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import { MatchCounts } from './match-counts.ts';
import { NodeColumns } from './node-columns.ts';
import { type ImageState, NodeInfo } from './node-info.ts';
import { NodeOrder } from './node-order.ts';
import { PodInfo } from './pod-info.ts';
import { TermIndex } from './term-index.ts';

/** Owned by the scheduler; fed by informer events and by the scheduler's own decisions. */
export class Cache {
  readonly matchCounts = new MatchCounts();
  readonly affinityTerms = new TermIndex();
  readonly #columns = new NodeColumns(64);
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #order = new NodeOrder();
  #list: readonly NodeInfo[] | undefined;
  readonly #pods = new Map<string, PodInfo>();
  readonly #assumed = new Set<string>();
  readonly #images = new Map<string, ImageState>();
  /** How many nodes a claim is in use on. */
  readonly #claims = new Map<string, number>();

  /** All nodes, zones taking turns. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= this.#order.list().map((name) => this.#nodes.get(name)!);
    return this.#list;
  }

  /** The node of this name, when it exists. */
  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node === undefined ? undefined : info;
  }

  /** The pod as the cache has it (assumed pods with their node). */
  pod(uid: string): PodInfo | undefined {
    return this.#pods.get(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  get podCount(): number {
    return this.#pods.size;
  }

  get assumedCount(): number {
    return this.#assumed.size;
  }

  /** True when any node has the image. */
  hasImage(name: string): boolean {
    return this.#images.has(name);
  }

  /** True when a pod on any node uses the claim (`namespace/name`). */
  isClaimInUse(key: string): boolean {
    return this.#claims.has(key);
  }

  addNode(node: Node): NodeInfo {
    const info = this.#nodeInfo(node.metadata?.name ?? '');
    if (info.node !== undefined) this.#order.remove(info.node);
    // Pods known before their node were not in any count.
    else if (info.pods.length > 0) this.matchCounts.clear();
    this.#setImages(info, node);
    info.setNode(node);
    this.#order.add(node);
    this.#list = undefined;
    return info;
  }

  updateNode(before: Node, node: Node): NodeInfo {
    const info = this.#nodes.get(node.metadata?.name ?? '');
    if (info?.node === undefined || topologyChanged(before, node)) return this.addNode(node);
    this.#setImages(info, node);
    info.setNode(node);
    return info;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info?.node === undefined) return;
    this.#order.remove(info.node);
    this.#list = undefined;
    this.#dropImages(info);
    info.clearNode();
    this.#dropIfEmpty(info);
  }

  /** A pod that is bound, new or confirming what was assumed. */
  addPod(pod: Pod): void {
    const info = new PodInfo(pod);
    this.#assumed.delete(info.uid);
    const known = this.#pods.get(info.uid);
    if (known !== undefined) this.#take(known);
    this.#put(info);
  }

  /** A bound pod that changed; one that is not known is added. */
  updatePod(pod: Pod): void {
    this.addPod(pod);
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    const known = this.#pods.get(uid);
    if (known !== undefined) this.#take(known);
  }

  /** Places a pod before its binding is known to the API server. Throws when it is placed. */
  assume(pod: PodInfo): void {
    if (this.#pods.has(pod.uid)) {
      throw new Error(`pod ${pod.uid}(${pod.key}) is in the cache, so can't be assumed`);
    }
    this.#put(pod);
    this.#assumed.add(pod.uid);
  }

  /** Takes back an assumed pod; does nothing for one that is confirmed or gone. */
  forget(uid: string): void {
    if (this.#assumed.has(uid)) this.removePod(uid);
  }

  #nodeInfo(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (info === undefined) {
      info = new NodeInfo(name, this.#columns, this.#columns.take());
      this.#nodes.set(name, info);
    }
    return info;
  }

  #put(pod: PodInfo): void {
    const info = this.#nodeInfo(pod.nodeName);
    for (const claim of pod.claims) {
      const key = `${pod.namespace}/${claim}`;
      if (!info.claims.has(key)) this.#claims.set(key, (this.#claims.get(key) ?? 0) + 1);
    }
    info.addPod(pod);
    if (pod.hasAffinity) this.affinityTerms.change(info, pod, 1);
    this.#pods.set(pod.uid, pod);
    this.matchCounts.change(info, pod, 1);
  }

  #take(pod: PodInfo): void {
    this.#pods.delete(pod.uid);
    const info = this.#nodes.get(pod.nodeName);
    if (info?.removePod(pod.uid) === undefined) return;
    for (const claim of pod.claims) {
      const key = `${pod.namespace}/${claim}`;
      if (info.claims.has(key)) continue;
      const count = (this.#claims.get(key) ?? 0) - 1;
      if (count > 0) this.#claims.set(key, count);
      else this.#claims.delete(key);
    }
    if (pod.hasAffinity) this.affinityTerms.change(info, pod, -1);
    this.matchCounts.change(info, pod, -1);
    this.#dropIfEmpty(info);
  }

  #dropIfEmpty(info: NodeInfo): void {
    if (info.node !== undefined || info.pods.length > 0) return;
    this.#nodes.delete(info.name);
    this.matchCounts.forgetRow(info.row);
    this.#columns.release(info.row);
  }

  #setImages(info: NodeInfo, node: Node): void {
    const listed = node.status?.images;
    if (listed === undefined && info.images.size === 0) return;
    if (listed === info.node?.status?.images) return;
    this.#dropImages(info);
    const images = new Map<string, ImageState>();
    for (const image of listed ?? []) {
      for (const name of image.names ?? []) {
        let state = this.#images.get(name);
        if (state === undefined) {
          state = { sizeBytes: 0, nodes: new Set() };
          this.#images.set(name, state);
        }
        state.sizeBytes = image.sizeBytes ?? 0;
        state.nodes.add(info.name);
        images.set(name, state);
      }
    }
    info.images = images;
  }

  #dropImages(info: NodeInfo): void {
    for (const [name, state] of info.images) {
      state.nodes.delete(info.name);
      if (state.nodes.size === 0) this.#images.delete(name);
    }
    info.images = new Map();
  }
}

const topologyLabels = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
] as const;

function topologyChanged(before: Node, after: Node): boolean {
  return topologyLabels.some(
    (key) => before.metadata?.labels?.[key] !== after.metadata?.labels?.[key],
  );
}
