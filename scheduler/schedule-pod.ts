/**
 * The scheduling algorithm: filter nodes until enough fit, score those, take the best. Synchronous
 * and without effects outside the cycle state and the search position.
 */
import type { NodeInfo } from './cache/node-info.ts';
import type { PodInfo } from './cache/pod-info.ts';
import type { CycleState } from './cycle-state.ts';
import { blame, type Diagnosis } from './fit-error.ts';
import { NodeStatuses } from './node-statuses.ts';
import type { Profile } from './profile.ts';
import { type Status, unresolvable } from './status.ts';

/** Below this number of nodes every node is looked at. */
const minFeasible = 100;
const minPercentage = 5;

/** A node that was chosen, or why there is none. */
export type ScheduleResult =
  | { readonly nodeName: string; readonly feasible: number; readonly evaluated: number }
  | { readonly diagnosis: Diagnosis }
  | { readonly noNodes: true }
  | { readonly error: Status };

/** How many feasible nodes end the search. `percentage` 0: adapts to the number of nodes. */
export function feasibleNodesToFind(nodeCount: number, percentage: number): number {
  if (nodeCount < minFeasible) return nodeCount;
  if (percentage === 0) {
    percentage = Math.max(minPercentage, 50 - Math.trunc(nodeCount / 125));
  }
  return Math.max(minFeasible, Math.trunc((nodeCount * percentage) / 100));
}

/** Owns the position at which the next search starts, so that all nodes get their turn. */
export class Algorithm {
  readonly #random: () => number;
  readonly #percentage: number;
  #start = 0;

  /** `percentage` is percentageOfNodesToScore for profiles that set none. */
  constructor(random: () => number, percentage: number) {
    this.#random = random;
    this.#percentage = percentage;
  }

  schedule(
    profile: Profile,
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    nodeByName: (name: string) => NodeInfo | undefined,
  ): ScheduleResult {
    if (nodes.length === 0) return { noNodes: true };
    const diagnosis: Diagnosis = {
      nodeCount: nodes.length,
      statuses: new NodeStatuses(),
      rejecting: new Set(),
      pending: new Set(),
      preFilterMessage: '',
      postFilterMessage: '',
    };
    const pre = profile.runPreFilters(state, pod, nodes);
    if (pre.status !== undefined) {
      if (!pre.status.rejected) return { error: pre.status };
      diagnosis.statuses.absent = pre.status;
      diagnosis.preFilterMessage = pre.status.message;
      for (const plugin of pre.plugins) diagnosis.rejecting.add(plugin);
      blame(diagnosis, pre.status);
      return { diagnosis };
    }
    const nominated = this.#nominatedNode(profile, state, pod, nodeByName);
    if (nominated !== undefined) {
      return { nodeName: nominated.name, feasible: 1, evaluated: 1 };
    }
    let candidates = nodes;
    if (pre.nodeNames !== undefined) {
      candidates = [...pre.nodeNames].flatMap((name) => nodeByName(name) ?? []);
      const plugins = [...pre.plugins].sort().join(' ');
      diagnosis.statuses.absent = unresolvable('', `node(s) didn't satisfy plugin(s) [${plugins}]`);
      for (const plugin of pre.plugins) diagnosis.rejecting.add(plugin);
    }
    const found = this.#filter(profile, state, pod, candidates, diagnosis);
    if (!Array.isArray(found)) return { error: found };
    const evaluated = found.length + diagnosis.statuses.size;
    this.#start = (this.#start + evaluated) % nodes.length;
    if (found.length === 0) return { diagnosis };
    const best = found.length === 1 ? found[0]! : this.#best(profile, state, pod, found);
    return { nodeName: best.name, feasible: found.length, evaluated };
  }

  /** The node an earlier preemption made room on, when the pod fits there now. */
  #nominatedNode(
    profile: Profile,
    state: CycleState,
    pod: PodInfo,
    nodeByName: (name: string) => NodeInfo | undefined,
  ): NodeInfo | undefined {
    if (pod.nominatedNodeName === '') return undefined;
    const node = nodeByName(pod.nominatedNodeName);
    if (node === undefined) return undefined;
    return profile.runFiltersWithNominated(state, pod, node) === undefined ? node : undefined;
  }

  #filter(
    profile: Profile,
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    diagnosis: Diagnosis,
  ): NodeInfo[] | Status {
    const percentage = profile.percentageOfNodesToScore ?? this.#percentage;
    const scoring = profile.lists.score.length > 0;
    const wanted = scoring ? feasibleNodesToFind(nodes.length, percentage) : 1;
    const found: NodeInfo[] = [];
    for (let i = 0; i < nodes.length && found.length < wanted; i++) {
      const node = nodes[(this.#start + i) % nodes.length]!;
      const status = profile.runFiltersWithNominated(state, pod, node);
      if (status === undefined) found.push(node);
      else if (!status.rejected) return status;
      else {
        diagnosis.statuses.set(node.name, status);
        blame(diagnosis, status);
      }
    }
    return found;
  }

  #best(profile: Profile, state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): NodeInfo {
    if (profile.lists.score.length === 0) return nodes[0]!;
    profile.runPreScores(state, pod, nodes);
    return nodes[highest(profile.runScores(state, pod, nodes), this.#random)]!;
  }
}

/** The index of the highest score; ties are broken evenly at random. */
export function highest(scores: Float64Array, random: () => number): number {
  let best = 0;
  let ties = 1;
  for (let i = 1; i < scores.length; i++) {
    if (scores[i]! > scores[best]!) {
      best = i;
      ties = 1;
    } else if (scores[i] === scores[best]) {
      ties++;
      if (random() * ties < 1) best = i;
    }
  }
  return best;
}
