/** InterPodAffinity: pods that want to be near each other, or apart. */
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import { type AffinityTerm, termMatches, type WeightedTerm } from '../cache/affinity-terms.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { PodInfo } from '../cache/pod-info.ts';
import { on } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import { type Handle, maxNodeScore, type Plugin } from '../framework.ts';
import { skip, unresolvable, unschedulable } from '../status.ts';
import { counterFor, matchesAll, namespaceLabels, resolved } from './affinity-matches.ts';

const name = 'InterPodAffinity';
const notNear = unresolvable(name, "node(s) didn't match pod affinity rules");
const notApart = unschedulable(name, "node(s) didn't match pod anti-affinity rules");
const disliked = unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules");

/** InterPodAffinityArgs. */
export interface InterPodAffinityArgs {
  readonly hardPodAffinityWeight?: number;
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

/** Amounts by topology key and value. */
type Pairs = Map<string, Map<string, number>>;

interface Hard {
  readonly near: readonly AffinityTerm[];
  readonly apart: readonly AffinityTerm[];
  /** Pods that all terms of `near` speak of. */
  readonly nearPods: Pairs;
  /** Pods that a term of `apart` speaks of. */
  readonly apartPods: Pairs;
  /** Terms of pods on nodes that keep this pod away. */
  readonly dislikes: Pairs;
}

const hard = stateKey<Hard>(`${name}/hard`, (h) => ({
  ...h,
  nearPods: copyOf(h.nearPods),
  apartPods: copyOf(h.apartPods),
  dislikes: copyOf(h.dislikes),
}));
const soft = stateKey<Pairs>(`${name}/soft`);

export function interPodAffinity(
  args: InterPodAffinityArgs = {},
  handle: Pick<Handle, 'cache' | 'listers'>,
): Plugin {
  const { cache, listers } = handle;
  const hardWeight = args.hardPodAffinityWeight ?? 1;
  const labelsOf = namespaceLabels(listers);
  const speaksOf = (term: AffinityTerm, pod: PodInfo) =>
    termMatches(term, pod.namespace, pod.labels, labelsOf);
  const adjust = (
    h: Hard | undefined,
    pod: PodInfo,
    other: PodInfo,
    node: NodeInfo,
    by: number,
  ) => {
    if (h === undefined) return;
    for (const term of other.affinity.requiredAnti) {
      if (speaksOf(term, pod)) add(h.dislikes, node, term.topologyKey, by);
    }
    if (matchesAll(h.near, other.namespace, other.labels)) {
      for (const term of h.near) add(h.nearPods, node, term.topologyKey, by);
    }
    for (const term of h.apart) {
      if (matchesAll([term], other.namespace, other.labels)) {
        add(h.apartPods, node, term.topologyKey, by);
      }
    }
  };
  return {
    name,
    wakesOn: [
      {
        resource: 'Pod',
        on: on.add | on.updatePodLabel | on.delete,
        hint: (pod, before, after) => podMayHelp(pod, before as Pod | undefined, after as Pod),
      },
      {
        resource: 'Node',
        on: on.add | on.updateNodeLabel,
        hint: (pod, before, after) => nodeMayHelp(pod, before as Node | undefined, after as Node),
      },
    ],
    preFilter(state, pod, nodes) {
      const dislikes: Pairs = new Map();
      for (const { term, requiredAnti } of cache.affinityTerms.uses()) {
        if (requiredAnti.size === 0 || !speaksOf(term, pod)) continue;
        for (const [node, count] of requiredAnti) add(dislikes, node, term.topologyKey, count);
      }
      const near = pod.affinity.required.map((term) => resolved(term, listers));
      const apart = pod.affinity.requiredAnti.map((term) => resolved(term, listers));
      if (near.length === 0 && apart.length === 0 && dislikes.size === 0) return skip;
      const nearPods: Pairs = new Map();
      const apartPods: Pairs = new Map();
      if (near.length > 0) {
        const count = counterFor(near, cache);
        for (const node of nodes) {
          const pods = count(node);
          if (pods === 0) continue;
          for (const term of near) add(nearPods, node, term.topologyKey, pods);
        }
      }
      for (const term of apart) {
        const count = counterFor([term], cache);
        for (const node of nodes) {
          const pods = count(node);
          if (pods > 0) add(apartPods, node, term.topologyKey, pods);
        }
      }
      state.write(hard, { near, apart, nearPods, apartPods, dislikes });
      return undefined;
    },
    addPod: (state, pod, added, node) => adjust(state.read(hard), pod, added, node, 1),
    removePod: (state, pod, removed, node) => adjust(state.read(hard), pod, removed, node, -1),
    filter(state, pod, node) {
      const h = state.read(hard)!;
      if (!isNear(h, pod, node)) return notNear;
      for (const { topologyKey } of h.apart) {
        if (amountAt(h.apartPods, node, topologyKey) > 0) return notApart;
      }
      for (const topologyKey of h.dislikes.keys()) {
        if (amountAt(h.dislikes, node, topologyKey) > 0) return disliked;
      }
      return undefined;
    },
    preScore(state, pod) {
      const { preferred, preferredAnti } = pod.affinity;
      const wishes = preferred.length + preferredAnti.length > 0;
      if (args.ignorePreferredTermsOfExistingPods === true && !wishes) return skip;
      const scores: Pairs = new Map();
      const wish = (term: WeightedTerm, weight: number) => {
        const count = counterFor([resolved(term, listers)], cache);
        for (const node of cache.nodes) {
          const pods = count(node);
          if (pods > 0) add(scores, node, term.topologyKey, weight * pods);
        }
      };
      for (const term of preferred) wish(term, term.weight);
      for (const term of preferredAnti) wish(term, -term.weight);
      for (const use of cache.affinityTerms.uses()) {
        const { term, required, preferred: weights } = use;
        const counts = weights.size > 0 || (required.size > 0 && hardWeight > 0);
        if (!counts || !speaksOf(term, pod)) continue;
        for (const [node, weight] of weights) add(scores, node, term.topologyKey, weight);
        if (hardWeight === 0) continue;
        for (const [node, pods] of required) add(scores, node, term.topologyKey, hardWeight * pods);
      }
      if (scores.size === 0) return skip;
      state.write(soft, scores);
      return undefined;
    },
    score(state, _pod, node) {
      let sum = 0;
      for (const [topologyKey, values] of state.read(soft)!) {
        const value = node.labels[topologyKey];
        if (value !== undefined) sum += values.get(value) ?? 0;
      }
      return sum;
    },
    normalize: (_state, _pod, scores) => spreadOut(scores),
  };
}

/** Scales so that the lowest becomes 0 and the highest the maximum. */
function spreadOut(scores: Float64Array): void {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const score of scores) {
    if (score < lowest) lowest = score;
    if (score > highest) highest = score;
  }
  const range = highest - lowest;
  for (let i = 0; i < scores.length; i++) {
    scores[i] = range > 0 ? Math.trunc(maxNodeScore * ((scores[i]! - lowest) / range)) : 0;
  }
}

function isNear(h: Hard, pod: PodInfo, node: NodeInfo): boolean {
  let found = true;
  for (const { topologyKey } of h.near) {
    if (node.labels[topologyKey] === undefined) return false;
    if (amountAt(h.nearPods, node, topologyKey) <= 0) found = false;
  }
  // The first pod of a group that wants to be near itself may go anywhere.
  return found || (h.nearPods.size === 0 && matchesAll(h.near, pod.namespace, pod.labels));
}

function amountAt(pairs: Pairs, node: NodeInfo, topologyKey: string): number {
  const value = node.labels[topologyKey];
  return value === undefined ? 0 : (pairs.get(topologyKey)?.get(value) ?? 0);
}

function add(pairs: Pairs, node: NodeInfo, topologyKey: string, by: number): void {
  const value = node.labels[topologyKey];
  if (value === undefined) return;
  let values = pairs.get(topologyKey);
  if (values === undefined) {
    values = new Map();
    pairs.set(topologyKey, values);
  }
  const amount = (values.get(value) ?? 0) + by;
  if (amount === 0) values.delete(value);
  else values.set(value, amount);
  if (values.size === 0) pairs.delete(topologyKey);
}

function copyOf(pairs: Pairs): Pairs {
  return new Map([...pairs].map(([key, values]) => [key, new Map(values)]));
}

function podMayHelp(pod: PodInfo, before: Pod | undefined, after: Pod | undefined): boolean {
  // Its own labels changed: pods that kept it away may no longer do so.
  if (before !== undefined && after?.metadata?.uid === pod.uid) return true;
  for (const other of [before, after]) {
    if (other !== undefined && !other.spec?.nodeName && !other.status?.nominatedNodeName) {
      return false;
    }
  }
  const { required, requiredAnti } = pod.affinity;
  const all = (terms: readonly AffinityTerm[], other: Pod) =>
    matchesAll(terms, other.metadata?.namespace ?? '', other.metadata?.labels ?? {});
  if (before !== undefined && after !== undefined) {
    return (
      (!all(required, before) && all(required, after)) ||
      (all(requiredAnti, before) && !all(requiredAnti, after))
    );
  }
  if (after !== undefined) return all(required, after);
  if (before === undefined) return true;
  return (
    all(requiredAnti, before) ||
    matchesAll(new PodInfo(before).affinity.requiredAnti, pod.namespace, pod.labels)
  );
}

function nodeMayHelp(pod: PodInfo, before: Node | undefined, after: Node): boolean {
  const valueAt = (node: Node, { topologyKey }: AffinityTerm) =>
    node.metadata?.labels?.[topologyKey];
  const { required, requiredAnti } = pod.affinity;
  if (before === undefined) {
    return requiredAnti.length > 0 || required.some((term) => valueAt(after, term) !== undefined);
  }
  // The node came into a domain, or left one.
  return (
    required.some((term) => {
      const value = valueAt(after, term);
      return value !== undefined && value !== valueAt(before, term);
    }) ||
    requiredAnti.some((term) => {
      const value = valueAt(before, term);
      return value !== undefined && value !== valueAt(after, term);
    })
  );
}
