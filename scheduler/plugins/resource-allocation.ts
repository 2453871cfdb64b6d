/**
 * Scores from how much of a node would be in use: the arithmetic shared by NodeResourcesFit and
 * NodeResourcesBalancedAllocation. All divisions are of whole numbers, as the real server's are.
 */
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { isScalarResource } from '../cache/requests.ts';
import { maxNodeScore } from '../framework.ts';

/** A resource and what it counts. */
export interface ResourceSpec {
  readonly name: string;
  readonly weight?: number;
}

/** One point of a RequestedToCapacityRatio shape: utilization in percent, score 0..10. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

/** How NodeResourcesFit scores. */
export interface ScoringStrategy {
  readonly type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  readonly resources?: readonly ResourceSpec[];
  readonly requestedToCapacityRatio?: { readonly shape?: readonly ShapePoint[] };
}

/** In use with the pod, in use without it, and the whole, of one resource on one node. */
export interface Usage {
  requested: number;
  allocated: number;
  allocatable: number;
}

/** What the pod adds, one amount per resource; `plain` counts only what it really asks for. */
export function podAmounts(
  pod: PodInfo,
  resources: readonly ResourceSpec[],
  plain: boolean,
): Float64Array {
  const r = pod.requests;
  return Float64Array.from(resources, ({ name }) => {
    if (name === 'cpu') return plain ? r.cpu : r.nonZeroCpu;
    if (name === 'memory') return plain ? r.memory : r.nonZeroMemory;
    if (name === 'ephemeral-storage') return r.ephemeralStorage;
    return r.scalars?.get(name) ?? 0;
  });
}

/** Reads usages off nodes. The array it fills is used again by the next call. */
export class UsageReader {
  readonly usages: readonly Usage[];
  readonly #names: readonly string[];
  readonly #plain: boolean;

  constructor(resources: readonly ResourceSpec[], plain: boolean) {
    this.#names = resources.map((r) => r.name);
    this.#plain = plain;
    this.usages = resources.map(() => ({ requested: 0, allocated: 0, allocatable: 0 }));
  }

  read(node: NodeInfo, amounts: Float64Array): readonly Usage[] {
    for (let k = 0; k < this.#names.length; k++) {
      const usage = this.usages[k]!;
      const amount = amounts[k]!;
      this.#fill(usage, node, this.#names[k]!, amount);
      if (usage.allocatable === 0) usage.allocated = 0;
      usage.requested = usage.allocatable === 0 ? 0 : usage.allocated + amount;
    }
    return this.usages;
  }

  #fill(usage: Usage, node: NodeInfo, name: string, amount: number): void {
    const c = node.columns;
    const i = node.row;
    if (name === 'cpu') {
      usage.allocatable = c.allocatableCpu[i]!;
      usage.allocated = this.#plain ? c.requestedCpu[i]! : c.nonZeroCpu[i]!;
    } else if (name === 'memory') {
      usage.allocatable = c.allocatableMemory[i]!;
      usage.allocated = this.#plain ? c.requestedMemory[i]! : c.nonZeroMemory[i]!;
    } else if (name === 'ephemeral-storage') {
      usage.allocatable = c.allocatableStorage[i]!;
      usage.allocated = c.requestedStorage[i]!;
    } else if (amount === 0 && isScalarResource(name)) {
      // A pod that does not ask for it is not judged by it.
      usage.allocatable = 0;
    } else {
      usage.allocatable = node.allocatableScalars.get(name) ?? 0;
      usage.allocated = node.requestedScalars.get(name) ?? 0;
    }
  }
}

type ResourceScore = (requested: number, allocatable: number) => number;

const least: ResourceScore = (requested, allocatable) =>
  requested > allocatable
    ? 0
    : Math.floor(((allocatable - requested) * maxNodeScore) / allocatable);

const most: ResourceScore = (requested, allocatable) =>
  Math.floor((Math.min(requested, allocatable) * maxNodeScore) / allocatable);

/** The function drawn through the points, constant outside of them. */
export function brokenLinear(shape: readonly ShapePoint[]): (x: number) => number {
  return (x) => {
    for (let i = 0; i < shape.length; i++) {
      const to = shape[i]!;
      if (x > to.utilization) continue;
      const from = shape[i - 1];
      if (from === undefined) return to.score;
      const rise = (to.score - from.score) * (x - from.utilization);
      return from.score + Math.trunc(rise / (to.utilization - from.utilization));
    }
    return shape.at(-1)?.score ?? 0;
  };
}

/** The scorer of a strategy: weighted mean over the resources the node has. */
export function allocationScorer(
  strategy: ScoringStrategy,
  resources: readonly ResourceSpec[],
): (node: NodeInfo, amounts: Float64Array) => number {
  const reader = new UsageReader(resources, false);
  const weights = resources.map((r) => r.weight || 1);
  const ratio = strategy.type === 'RequestedToCapacityRatio';
  const score = ratio
    ? ratioScore(strategy.requestedToCapacityRatio?.shape ?? [])
    : strategy.type === 'MostAllocated'
      ? most
      : least;
  return (node, amounts) => {
    const usages = reader.read(node, amounts);
    let sum = 0;
    let weight = 0;
    for (let k = 0; k < usages.length; k++) {
      const { requested, allocatable } = usages[k]!;
      if (allocatable === 0) continue;
      const one = score(requested, allocatable);
      // A ratio of 0 does not weigh in.
      if (ratio && one <= 0) continue;
      sum += one * weights[k]!;
      weight += weights[k]!;
    }
    if (weight === 0) return 0;
    return ratio ? Math.round(sum / weight) : Math.floor(sum / weight);
  };
}

function ratioScore(shape: readonly ShapePoint[]): ResourceScore {
  // Shapes score 0..10.
  const line = brokenLinear(shape.map((p) => ({ ...p, score: p.score * (maxNodeScore / 10) })));
  return (requested, allocatable) =>
    requested > allocatable ? line(100) : line(Math.floor((requested * 100) / allocatable));
}

/**
 * How much the pod evens out the use of the node's resources: 50 (it makes it worse) to 100, about
 * 75 when it changes little.
 */
export function balanceScore(usages: readonly Usage[]): number {
  const withPod = evenness(usages, 'requested');
  const without = evenness(usages, 'allocated');
  const half = maxNodeScore / 2;
  return half + Math.trunc((half + withPod - without) / 2);
}

/** 100 when all resources are used to the same share, less the more the shares differ. */
function evenness(usages: readonly Usage[], what: 'requested' | 'allocated'): number {
  let n = 0;
  let sum = 0;
  let first = 0;
  let second = 0;
  for (const usage of usages) {
    if (usage.allocatable === 0) continue;
    const share = Math.min(1, usage[what] / usage.allocatable);
    if (n === 0) first = share;
    else if (n === 1) second = share;
    sum += share;
    n++;
  }
  let deviation = 0;
  if (n === 2) deviation = Math.abs((first - second) / 2);
  else if (n > 2) {
    let squares = 0;
    for (const usage of usages) {
      if (usage.allocatable === 0) continue;
      const share = Math.min(1, usage[what] / usage.allocatable);
      squares += (share - sum / n) ** 2;
    }
    deviation = Math.sqrt(squares / n);
  }
  return Math.trunc((1 - deviation) * maxNodeScore);
}
