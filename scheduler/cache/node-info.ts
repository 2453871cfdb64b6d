/** A node as the scheduler looks at it: the object, the pods on it, and sums over them. */
import type { Node, Taint } from '../../machinery/schema/wire.ts';
import { UsedPorts } from './host-ports.ts';
import { NodeColumns } from './node-columns.ts';
import type { PodInfo } from './pod-info.ts';
import { milliValue, wholeMillis, wholeUnits } from './quantities.ts';
import { isScalarResource } from './requests.ts';

/** An image known to nodes. */
export interface ImageState {
  sizeBytes: number;
  /** Names of the nodes that have it. */
  readonly nodes: Set<string>;
}

const noLabels: Record<string, string> = {};
const noTaints: readonly Taint[] = [];
const noScalars: ReadonlyMap<string, number> = new Map();

/** Owned and changed by the cache only; a copy may be changed by whoever asked for it. */
export class NodeInfo {
  readonly name: string;
  /** Undefined while pods are known to be on a node that is not (or no longer) there. */
  node: Node | undefined;
  // What every filter asks of the node, so that it need not look into the object.
  labels: Record<string, string> = noLabels;
  taints: readonly Taint[] = noTaints;
  unschedulable = false;
  readonly columns: NodeColumns;
  readonly row: number;
  readonly pods: PodInfo[] = [];
  usedPorts = new UsedPorts();
  /** Claims in use, `namespace/name`, with the number of pods that use each. */
  readonly claims = new Map<string, number>();
  images: ReadonlyMap<string, ImageState> = new Map();
  allocatableScalars: ReadonlyMap<string, number> = noScalars;
  readonly requestedScalars = new Map<string, number>();

  constructor(name: string, columns = new NodeColumns(1), row = columns.take()) {
    this.name = name;
    this.columns = columns;
    this.row = row;
  }

  /** The node object is gone; its pods may still be there. */
  clearNode(): void {
    this.node = undefined;
    this.labels = noLabels;
    this.taints = noTaints;
    this.unschedulable = false;
  }

  /** Takes over what the node object says. */
  setNode(node: Node): void {
    this.node = node;
    this.labels = node.metadata?.labels ?? noLabels;
    this.taints = node.spec?.taints ?? noTaints;
    this.unschedulable = node.spec?.unschedulable === true;
    const list = node.status?.allocatable ?? {};
    const { columns, row } = this;
    columns.allocatableCpu[row] = wholeMillis(milliValue(list['cpu'] ?? '0'));
    columns.allocatableMemory[row] = wholeUnits(milliValue(list['memory'] ?? '0'));
    columns.allocatableStorage[row] = wholeUnits(milliValue(list['ephemeral-storage'] ?? '0'));
    columns.allowedPods[row] = wholeUnits(milliValue(list['pods'] ?? '0'));
    let scalars: Map<string, number> | undefined;
    for (const name in list) {
      if (!isScalarResource(name)) continue;
      scalars ??= new Map();
      scalars.set(name, wholeUnits(milliValue(list[name]!)));
    }
    this.allocatableScalars = scalars ?? noScalars;
  }

  addPod(pod: PodInfo): void {
    this.pods.push(pod);
    this.#count(pod, 1);
    if (pod.hostPorts.length > 0) this.usedPorts.add(pod.hostPorts);
  }

  /** Removes the pod with this uid; returns it, or undefined when it is not here. */
  removePod(uid: string): PodInfo | undefined {
    const pod = takeOut(this.pods, uid);
    if (pod === undefined) return undefined;
    this.#count(pod, -1);
    if (pod.hostPorts.length > 0) this.usedPorts.remove(pod.hostPorts);
    return pod;
  }

  /** A copy with numbers of its own, for trying changes out. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.name, this.columns.extract(this.row), 0);
    copy.node = this.node;
    copy.labels = this.labels;
    copy.taints = this.taints;
    copy.unschedulable = this.unschedulable;
    copy.pods.push(...this.pods);
    copy.usedPorts = this.usedPorts.copy();
    for (const [claim, count] of this.claims) copy.claims.set(claim, count);
    copy.images = this.images;
    copy.allocatableScalars = this.allocatableScalars;
    for (const [name, amount] of this.requestedScalars) copy.requestedScalars.set(name, amount);
    return copy;
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    const { columns, row } = this;
    const r = pod.requests;
    columns.requestedCpu[row]! += sign * r.cpu;
    columns.requestedMemory[row]! += sign * r.memory;
    columns.requestedStorage[row]! += sign * r.ephemeralStorage;
    columns.nonZeroCpu[row]! += sign * r.nonZeroCpu;
    columns.nonZeroMemory[row]! += sign * r.nonZeroMemory;
    columns.podCount[row]! += sign;
    if (r.scalars !== undefined) {
      for (const [name, amount] of r.scalars) {
        this.requestedScalars.set(name, (this.requestedScalars.get(name) ?? 0) + sign * amount);
      }
    }
    for (const claim of pod.claims) {
      const key = `${pod.namespace}/${claim}`;
      const count = (this.claims.get(key) ?? 0) + sign;
      if (count > 0) this.claims.set(key, count);
      else this.claims.delete(key);
    }
  }
}

/** Order does not matter, so the last one takes the place of the one removed. */
function takeOut(list: PodInfo[], uid: string): PodInfo | undefined {
  for (let i = list.length - 1; i >= 0; i--) {
    const pod = list[i]!;
    if (pod.uid !== uid) continue;
    const last = list.pop()!;
    if (i < list.length) list[i] = last;
    return pod;
  }
  return undefined;
}
