/** Which pods would have to go from a node for another one to fit: a trial on copies. */
import { selectorOf } from '../../machinery/meta/labels.ts';
import type { PodDisruptionBudget } from '../../machinery/schema/wire.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { CycleState } from '../cycle-state.ts';
import type { Handle } from '../framework.ts';
import { type Status, unresolvable } from '../status.ts';

/** The pods to remove from one node, the most important first. */
export interface Victims {
  readonly nodeName: string;
  readonly pods: readonly PodInfo[];
  /** How many of them a disruption budget protects. */
  readonly violations: number;
}

const nobody = unresolvable('', 'No preemption victims found for incoming pod');

type Trial = Pick<Handle, 'addPod' | 'removePod' | 'filterWithNominated'>;

/**
 * The smallest set of pods of lower priority whose removal makes room, or why there is none.
 * Changes `state` and `node`, which the caller copied.
 */
export function selectVictims(
  trial: Trial,
  state: CycleState,
  pod: PodInfo,
  node: NodeInfo,
  budgets: readonly PodDisruptionBudget[],
): Victims | Status {
  const lower = node.pods.filter((other) => other.priority < pod.priority);
  if (lower.length === 0) return nobody;
  const remove = (other: PodInfo) => {
    node.removePod(other.uid);
    trial.removePod(state, pod, other, node);
  };
  for (const other of lower) remove(other);
  const still = trial.filterWithNominated(state, pod, node);
  if (still !== undefined) return still;
  const victims: PodInfo[] = [];
  /** Puts a pod back; true when the new one still fits beside it. */
  const reprieve = (other: PodInfo): boolean => {
    node.addPod(other);
    trial.addPod(state, pod, other, node);
    if (trial.filterWithNominated(state, pod, node) === undefined) return true;
    remove(other);
    victims.push(other);
    return false;
  };
  const { violating, others } = splitByBudgets(lower.sort(byImportance), budgets);
  let violations = 0;
  for (const other of violating) if (!reprieve(other)) violations++;
  for (const other of others) reprieve(other);
  return { nodeName: node.name, pods: victims.sort(byImportance), violations };
}

/** Higher priority first, then longer running. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

function startOf(pod: PodInfo): number {
  const started = pod.pod.status?.startTime;
  // One that has not started is the youngest.
  return started === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(started);
}

/** Pods whose removal a budget does not allow, and the others; each in the order given. */
export function splitByBudgets(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { violating: PodInfo[]; others: PodInfo[] } {
  const left = budgets.map((budget) => budget.status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let violated = false;
    budgets.forEach((budget, i) => {
      if (!protects(budget, pod)) return;
      left[i]!--;
      if (left[i]! < 0) violated = true;
    });
    (violated ? violating : others).push(pod);
  }
  return { violating, others };
}

function protects(budget: PodDisruptionBudget, pod: PodInfo): boolean {
  if (budget.metadata?.namespace !== pod.namespace) return false;
  if (Object.keys(pod.labels).length === 0) return false;
  // The API server is about to remove it anyway and has counted it.
  if (budget.status?.disruptedPods?.[pod.name] !== undefined) return false;
  try {
    const selector = selectorOf(budget.spec?.selector);
    return !selector.empty && selector.matches(pod.labels);
  } catch {
    return false;
  }
}

/**
 * The best of several ways to make room: fewest violated budgets, then the least important most
 * important victim, the smallest sum of priorities, the fewest pods, the youngest pods.
 */
export function pickBest(candidates: readonly Victims[]): Victims | undefined {
  let best = candidates;
  for (const cost of costs) {
    if (best.length <= 1) break;
    const values = best.map(cost);
    const lowest = Math.min(...values);
    best = best.filter((_, i) => values[i] === lowest);
  }
  return best[0];
}

/** Added so that many pods of negative priority do not count as less than few. */
const priorityOffset = 2 ** 31;

const costs: readonly ((v: Victims) => number)[] = [
  (v) => v.violations,
  (v) => v.pods[0]?.priority ?? 0,
  (v) => v.pods.reduce((sum, pod) => sum + pod.priority + priorityOffset, 0),
  (v) => v.pods.length,
  (v) => {
    const highest = v.pods.filter((pod) => pod.priority === v.pods[0]?.priority);
    return -Math.min(...highest.map(startOf));
  },
];
