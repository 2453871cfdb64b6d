/** PodTopologySpread: spreads the pods of a workload evenly over zones, hosts and the like. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { requiredNodeMatcher } from '../../machinery/meta/node-selector.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { on, type QueueingHint } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import { type Handle, maxNodeScore, type Plugin } from '../framework.ts';
import { skip, unresolvable, unschedulable } from '../status.ts';
import {
  type Constraint,
  constraintsOf,
  type DefaultConstraint,
  hasAllKeys,
  hasOwnConstraints,
  isIncluded,
  type PodTopologySpreadArgs,
  systemConstraints,
} from './spread-constraints.ts';

const name = 'PodTopologySpread';
const reason = "node(s) didn't match pod topology spread constraints";
const uneven = unschedulable(name, reason);
const noLabel = unresolvable(name, `${reason} (missing required label)`);
const hostname = 'kubernetes.io/hostname';

/** Matching pods per value of the topology key, of one hard constraint. */
interface Domains {
  readonly constraint: Constraint;
  readonly counts: Map<string, number>;
  /** 1 when the pod itself matches. */
  readonly self: number;
  /** The smallest count; undefined: to be worked out. */
  smallest: number | undefined;
}

const hard = stateKey<readonly Domains[]>(`${name}/hard`, (domains) =>
  domains.map((d) => ({ ...d, counts: new Map(d.counts) })),
);

/** What scoring by soft constraints needs. */
interface Soft {
  readonly constraints: readonly Constraint[];
  /** Matching pods per value; undefined for hostnames, which are counted per node. */
  readonly counts: readonly (Map<string, number> | undefined)[];
  readonly perNode: readonly Int32Array[];
  readonly weights: readonly number[];
  /** Nodes that lack a key and get nothing. */
  readonly ignored: ReadonlySet<NodeInfo>;
}

const soft = stateKey<Soft>(`${name}/soft`);

export function podTopologySpread(
  args: PodTopologySpreadArgs = {},
  handle: Pick<Handle, 'cache' | 'listers'>,
): Plugin {
  const system = (args.defaultingType ?? 'System') === 'System';
  const defaults = system ? systemConstraints : (args.defaultConstraints ?? []);
  const { cache, listers } = handle;
  const counted = (pod: PodInfo, c: Constraint) =>
    // As upstream has it, a selector of everything counts nobody.
    c.selector.empty ? noCounts : cache.matchCounts.get(pod.namespace, c.selector, cache.nodes);
  return {
    name,
    wakesOn: [
      {
        resource: 'Pod',
        on: on.add | on.delete | on.updatePodLabel | on.updatePodToleration,
        hint: podHint(defaults, handle),
      },
      {
        resource: 'Node',
        on: on.add | on.delete | on.updateNodeLabel | on.updateNodeTaint,
        hint: nodeHint(defaults, handle),
      },
    ],
    preFilter(state, pod, nodes) {
      const constraints = constraintsOf(pod, 'DoNotSchedule', defaults, listers);
      if (constraints.length === 0) return skip;
      const matches = constraints.map((c) => counted(pod, c));
      state.write(hard, countDomains(pod, nodes, constraints, matches));
      return undefined;
    },
    addPod: (state, pod, added, node) => adjust(state.read(hard), pod, added, node, 1),
    removePod: (state, pod, removed, node) => adjust(state.read(hard), pod, removed, node, -1),
    filter(state, _pod, node) {
      for (const domains of state.read(hard)!) {
        const value = node.labels[domains.constraint.topologyKey];
        if (value === undefined) return noLabel;
        const skew = (domains.counts.get(value) ?? 0) + domains.self - smallestOf(domains);
        if (skew > domains.constraint.maxSkew) return uneven;
      }
      return undefined;
    },
    preScore(state, pod, nodes) {
      const constraints = constraintsOf(pod, 'ScheduleAnyway', defaults, listers);
      if (constraints.length === 0) return skip;
      const all = hasOwnConstraints(pod) || !system;
      const perNode = constraints.map((c) => counted(pod, c));
      state.write(soft, prepareScores(pod, nodes, cache.nodes, constraints, perNode, all));
      return undefined;
    },
    score(state, _pod, node) {
      const s = state.read(soft)!;
      if (s.ignored.has(node)) return 0;
      let score = 0;
      for (let i = 0; i < s.constraints.length; i++) {
        const c = s.constraints[i]!;
        const value = node.labels[c.topologyKey];
        if (value === undefined) continue;
        const count = s.counts[i]?.get(value) ?? s.perNode[i]![node.row] ?? 0;
        // Larger skews blur small differences.
        score += count * s.weights[i]! + (c.maxSkew - 1);
      }
      return Math.round(score);
    },
    normalize(state, _pod, scores, nodes) {
      const { ignored } = state.read(soft)!;
      let lowest = Number.MAX_SAFE_INTEGER;
      let highest = 0;
      for (let i = 0; i < scores.length; i++) {
        if (ignored.has(nodes[i]!)) continue;
        lowest = Math.min(lowest, scores[i]!);
        highest = Math.max(highest, scores[i]!);
      }
      for (let i = 0; i < scores.length; i++) {
        if (ignored.has(nodes[i]!)) scores[i] = 0;
        else if (highest === 0) scores[i] = maxNodeScore;
        else {
          const distance = highest + lowest - scores[i]!;
          scores[i] = Math.trunc((maxNodeScore * distance) / highest);
        }
      }
    },
  };
}

const noCounts = new Int32Array(0);

function countDomains(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  constraints: readonly Constraint[],
  matches: readonly Int32Array[],
): Domains[] {
  const affinity = requiredNodeMatcher(pod.pod);
  const domains = constraints.map((constraint) => ({
    constraint,
    counts: new Map<string, number>(),
    self: constraint.selector.matches(pod.labels) ? 1 : 0,
    smallest: undefined,
  }));
  for (const node of nodes) {
    if (!hasAllKeys(node.labels, constraints)) continue;
    for (let i = 0; i < domains.length; i++) {
      const { constraint, counts } = domains[i]!;
      if (!isIncluded(constraint, pod, node, affinity)) continue;
      const value = node.labels[constraint.topologyKey]!;
      counts.set(value, (counts.get(value) ?? 0) + (matches[i]![node.row] ?? 0));
    }
  }
  return domains;
}

function smallestOf(domains: Domains): number {
  // Fewer domains than asked for: the missing ones are empty.
  if (domains.counts.size < domains.constraint.minDomains) return 0;
  if (domains.smallest === undefined) {
    let smallest = 0x7fffffff;
    for (const count of domains.counts.values()) if (count < smallest) smallest = count;
    domains.smallest = smallest;
  }
  return domains.smallest;
}

function adjust(
  all: readonly Domains[] | undefined,
  pod: PodInfo,
  other: PodInfo,
  node: NodeInfo,
  by: 1 | -1,
): void {
  if (all === undefined || other.namespace !== pod.namespace) return;
  const constraints = all.map((d) => d.constraint);
  if (!hasAllKeys(node.labels, constraints)) return;
  const affinity = requiredNodeMatcher(pod.pod);
  for (const domains of all) {
    const { constraint, counts } = domains;
    if (!constraint.selector.matches(other.labels)) continue;
    if (!isIncluded(constraint, pod, node, affinity)) continue;
    const value = node.labels[constraint.topologyKey]!;
    counts.set(value, (counts.get(value) ?? 0) + by);
    domains.smallest = undefined;
  }
}

function prepareScores(
  pod: PodInfo,
  candidates: readonly NodeInfo[],
  allNodes: readonly NodeInfo[],
  constraints: readonly Constraint[],
  perNode: readonly Int32Array[],
  requireAllKeys: boolean,
): Soft {
  const counts = constraints.map((c) =>
    c.topologyKey === hostname ? undefined : new Map<string, number>(),
  );
  const ignored = new Set<NodeInfo>();
  for (const node of candidates) {
    if (requireAllKeys && !hasAllKeys(node.labels, constraints)) {
      ignored.add(node);
      continue;
    }
    // Without the key a node is in a domain of its own, which weighs in.
    for (let i = 0; i < constraints.length; i++) {
      counts[i]?.set(node.labels[constraints[i]!.topologyKey] ?? '', 0);
    }
  }
  const weights = counts.map((values) =>
    Math.log((values?.size ?? candidates.length - ignored.size) + 2),
  );
  if (counts.some((values) => values !== undefined)) {
    const affinity = requiredNodeMatcher(pod.pod);
    for (const node of allNodes) {
      if (requireAllKeys && !hasAllKeys(node.labels, constraints)) continue;
      for (let i = 0; i < constraints.length; i++) {
        const values = counts[i];
        const value = node.labels[constraints[i]!.topologyKey] ?? '';
        const known = values?.get(value);
        if (values === undefined || known === undefined) continue;
        if (!isIncluded(constraints[i]!, pod, node, affinity)) continue;
        values.set(value, known + (perNode[i]![node.row] ?? 0));
      }
    }
  }
  return { constraints, counts, perNode, weights, ignored };
}

type Deps = Pick<Handle, 'listers'>;

function podHint(defaults: readonly DefaultConstraint[], { listers }: Deps): QueueingHint {
  return (pod, before, after) => {
    const was = before as Pod | undefined;
    const is = after as Pod | undefined;
    for (const other of [was, is]) if (other !== undefined && !isInvolved(other, pod)) return false;
    const constraints = constraintsOf(pod, 'DoNotSchedule', defaults, listers);
    const matching = (other: Pod) =>
      constraints.map((c) => c.selector.matches(other.metadata?.labels ?? {}));
    if (was === undefined || is === undefined) {
      return matching((was ?? is)!).some((match) => match);
    }
    const own = is.metadata?.uid === pod.uid;
    if (own && constraints.some((c) => c.honorTaints)) {
      if (!deepEqual(was.spec?.tolerations, is.spec?.tolerations)) return true;
    }
    return !deepEqual(matching(was), matching(is));
  };
}

/** True when the other pod, itself or one of the namespace with a node, counts for the pod. */
function isInvolved(other: Pod, pod: PodInfo): boolean {
  if (other.metadata?.uid === pod.uid) return true;
  if (!other.spec?.nodeName && !other.status?.nominatedNodeName) return false;
  return other.metadata?.namespace === pod.namespace;
}

function nodeHint(defaults: readonly DefaultConstraint[], { listers }: Deps): QueueingHint {
  return (pod, before, after) => {
    const constraints = constraintsOf(pod, 'DoNotSchedule', defaults, listers);
    const labelsOf = (node: Node) => node.metadata?.labels ?? {};
    const fits = (node: Node) => hasAllKeys(labelsOf(node), constraints);
    const was = before as Node | undefined;
    const is = after as Node | undefined;
    if (was === undefined || is === undefined) return fits((was ?? is)!);
    if (fits(was) !== fits(is)) return true;
    if (!fits(is)) return false;
    const moved = constraints.some(
      (c) => labelsOf(was)[c.topologyKey] !== labelsOf(is)[c.topologyKey],
    );
    return moved || !deepEqual(was.spec?.taints, is.spec?.taints);
  };
}
