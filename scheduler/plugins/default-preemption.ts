/** DefaultPreemption: makes room for a pod by removing pods of lower priority from one node. */
import type { NodeInfo } from '../cache/node-info.ts';
import { PodInfo } from '../cache/pod-info.ts';
import { on } from '../cluster-event.ts';
import type { CycleState } from '../cycle-state.ts';
import { type Diagnosis, fitMessage } from '../fit-error.ts';
import type { Handle, Plugin, PostFilterResult } from '../framework.ts';
import { NodeStatuses } from '../node-statuses.ts';
import { PreemptionExecutor } from '../preemption/executor.ts';
import { pickBest, selectVictims, type Victims } from '../preemption/victims.ts';
import { Status, unresolvable, unschedulable } from '../status.ts';

const name = 'DefaultPreemption';
const waiting = unresolvable(name, 'waiting for the preemption for this pod to be finished');
const notHelpful = unresolvable(name, 'Preemption is not helpful for scheduling');

/** DefaultPreemptionArgs. */
export interface DefaultPreemptionArgs {
  readonly minCandidateNodesPercentage?: number;
  readonly minCandidateNodesAbsolute?: number;
}

export function defaultPreemption(args: DefaultPreemptionArgs = {}, handle: Handle): Plugin {
  const executor = new PreemptionExecutor(handle, name);
  return {
    name,
    // Pods held back here are woken by the plugins that rejected them, when the victims go.
    wakesOn: [{ resource: 'Pod', on: on.delete, hint: () => false }],
    preEnqueue: (pod) => (executor.isRunning(pod.uid) ? waiting : undefined),
    postFilter(state, tried, statuses) {
      const result = preempt(args, handle, state, tried, statuses, executor);
      handle.observePreemption(result.victims?.pods.length ?? 0);
      return result;
    },
  };
}

type Outcome = PostFilterResult & { readonly victims?: Victims };

function preempt(
  args: DefaultPreemptionArgs,
  handle: Handle,
  state: CycleState,
  tried: PodInfo,
  statuses: NodeStatuses,
  executor: PreemptionExecutor,
): Outcome {
  const current = handle.listers.pods.get(tried.namespace, tried.name);
  if (current === undefined) return { status: new Status('Error', name, ['pod is gone']) };
  const pod = current === tried.pod ? tried : new PodInfo(current);
  const refusal = ineligible(handle, pod, statuses);
  if (refusal !== undefined) return { status: unschedulable(name, `preemption: ${refusal}`) };
  const potential = statuses.resolvable(handle.cache.nodes);
  const trials = new NodeStatuses();
  trials.absent = notHelpful;
  const candidates = dryRun(args, handle, state, pod, potential, trials);
  const best = pickBest(candidates);
  if (best === undefined) {
    const diagnosis: Diagnosis = {
      nodeCount: handle.cache.nodes.length,
      statuses: trials,
      rejecting: new Set(),
      pending: new Set(),
      preFilterMessage: '',
      postFilterMessage: '',
    };
    const text = `preemption: ${fitMessage(diagnosis)}`;
    return { status: unschedulable(name, text), nominatedNodeName: '' };
  }
  executor.start(pod, best);
  return { status: undefined, nominatedNodeName: best.nodeName, victims: best };
}

/** Why the pod may not remove others; undefined when it may. */
function ineligible(handle: Handle, pod: PodInfo, statuses: NodeStatuses): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === 'Never') {
    return 'not eligible due to preemptionPolicy=Never.';
  }
  const nominated = pod.nominatedNodeName;
  if (nominated === '') return undefined;
  if (statuses.get(nominated)?.code === 'UnschedulableAndUnresolvable') return undefined;
  const leaving = handle.cache
    .node(nominated)
    ?.pods.some((other) => other.priority < pod.priority && isLeavingForOthers(other));
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isLeavingForOthers(pod: PodInfo): boolean {
  if (pod.pod.metadata?.deletionTimestamp === undefined) return false;
  const condition = pod.pod.status?.conditions?.find((c) => c.type === 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler';
}

/** Tries nodes from a random one on until there are enough candidates. */
function dryRun(
  args: DefaultPreemptionArgs,
  handle: Handle,
  state: CycleState,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  trials: NodeStatuses,
): Victims[] {
  if (nodes.length === 0) return [];
  const budgets = handle.listers.podDisruptionBudgets.list();
  const wanted = candidatesWanted(args, nodes.length);
  const offset = Math.floor(handle.random() * nodes.length);
  const found: Victims[] = [];
  let harmless = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length]!;
    const result = selectVictims(handle, state.clone(), pod, node.copy(), budgets);
    if (result instanceof Status) {
      trials.set(node.name, result);
      continue;
    }
    if (result.pods.length === 0) continue;
    found.push(result);
    if (result.violations === 0) harmless++;
    if (harmless > 0 && found.length >= wanted) break;
  }
  // Those without violated budgets first, as ties go to the first.
  return found.sort((a, b) => Number(a.violations > 0) - Number(b.violations > 0));
}

/** How many ways to make room are compared. */
export function candidatesWanted(args: DefaultPreemptionArgs, nodeCount: number): number {
  const share = Math.trunc((nodeCount * (args.minCandidateNodesPercentage ?? 10)) / 100);
  return Math.min(nodeCount, Math.max(share, args.minCandidateNodesAbsolute ?? 100));
}
