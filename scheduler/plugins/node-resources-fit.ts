/** NodeResourcesFit: the node has room for what the pod asks, and how good a use of it that is. */
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { isExtendedResource, type PodRequests, podRequests } from '../cache/requests.ts';
import { on } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import type { Plugin } from '../framework.ts';
import { Status } from '../status.ts';
import {
  allocationScorer,
  podAmounts,
  type ResourceSpec,
  type ScoringStrategy,
} from './resource-allocation.ts';

const name = 'NodeResourcesFit';
const amounts = stateKey<Float64Array>(name);

/** NodeResourcesFitArgs. */
export interface NodeResourcesFitArgs {
  readonly ignoredResources?: readonly string[];
  readonly ignoredResourceGroups?: readonly string[];
  readonly scoringStrategy?: ScoringStrategy;
}

/** The resources scored unless told otherwise. */
export const defaultResources: readonly ResourceSpec[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

export function nodeResourcesFit(args: NodeResourcesFitArgs = {}): Plugin {
  const ignored = ignoring(args);
  const strategy = args.scoringStrategy ?? { type: 'LeastAllocated' };
  const resources = strategy.resources?.length ? strategy.resources : defaultResources;
  const score = allocationScorer(strategy, resources);
  return {
    name,
    wakesOn: [
      { resource: 'Pod', on: on.delete | on.updatePodScaleDown, hint: podMadeRoom },
      { resource: 'Node', on: on.add | on.updateNodeAllocatable, hint: nodeMadeRoom },
    ],
    // Room is told from the pod itself; there is nothing to prepare.
    preFilter: () => undefined,
    filter: (_state, pod, node) => lack(pod, node, ignored),
    preScore(state, pod) {
      state.write(amounts, podAmounts(pod, resources, false));
      return undefined;
    },
    score: (state, _pod, node) => score(node, state.read(amounts)!),
  };
}

type Ignored = ((resource: string) => boolean) | undefined;

function ignoring(args: NodeResourcesFitArgs): Ignored {
  const names = new Set(args.ignoredResources ?? []);
  const groups = new Set(args.ignoredResourceGroups ?? []);
  if (names.size === 0 && groups.size === 0) return undefined;
  return (resource) =>
    isExtendedResource(resource) &&
    (names.has(resource) || groups.has(resource.slice(0, resource.indexOf('/'))));
}

/** What the node lacks for this pod; undefined when nothing. */
export function lack(pod: PodInfo, node: NodeInfo, ignored?: Ignored): Status | undefined {
  const c = node.columns;
  const i = node.row;
  const want = pod.requests;
  const cpuLeft = c.allocatableCpu[i]! - c.requestedCpu[i]!;
  const memoryLeft = c.allocatableMemory[i]! - c.requestedMemory[i]!;
  const storageLeft = c.allocatableStorage[i]! - c.requestedStorage[i]!;
  if (
    c.podCount[i]! < c.allowedPods[i]! &&
    (want.cpu <= cpuLeft || want.cpu === 0) &&
    (want.memory <= memoryLeft || want.memory === 0) &&
    (want.ephemeralStorage <= storageLeft || want.ephemeralStorage === 0) &&
    want.scalars === undefined
  ) {
    return undefined;
  }
  return explain(want, node, ignored);
}

function explain(want: PodRequests, node: NodeInfo, ignored: Ignored): Status | undefined {
  const c = node.columns;
  const i = node.row;
  const reasons: string[] = [];
  let hopeless = false;
  const check = (resource: string, amount: number, capacity: number, used: number) => {
    if (amount <= 0 || amount <= capacity - used) return;
    reasons.push(`Insufficient ${resource}`);
    // Not even an empty node would do.
    if (amount > capacity) hopeless = true;
  };
  if (c.podCount[i]! + 1 > c.allowedPods[i]!) reasons.push('Too many pods');
  check('cpu', want.cpu, c.allocatableCpu[i]!, c.requestedCpu[i]!);
  check('memory', want.memory, c.allocatableMemory[i]!, c.requestedMemory[i]!);
  check(
    'ephemeral-storage',
    want.ephemeralStorage,
    c.allocatableStorage[i]!,
    c.requestedStorage[i]!,
  );
  for (const [resource, amount] of want.scalars ?? []) {
    if (ignored?.(resource)) continue;
    const capacity = node.allocatableScalars.get(resource) ?? 0;
    check(resource, amount, capacity, node.requestedScalars.get(resource) ?? 0);
  }
  if (reasons.length === 0) return undefined;
  return new Status(hopeless ? 'UnschedulableAndUnresolvable' : 'Unschedulable', name, reasons);
}

/** A pod that left, or asks for less than before of something this pod wants. */
function podMadeRoom(pod: PodInfo, before: unknown, after: unknown): boolean {
  const was = before as Pod;
  const is = after as Pod | undefined;
  if (is === undefined) return Boolean(was.spec?.nodeName || was.status?.nominatedNodeName);
  if (is.metadata?.uid === pod.uid) return true;
  if (!is.spec?.nodeName) return false;
  return asksLess(pod.requests, podRequests(was), podRequests(is));
}

function asksLess(wanted: PodRequests, was: PodRequests, is: PodRequests): boolean {
  if (wanted.cpu > 0 && was.cpu > is.cpu) return true;
  if (wanted.memory > 0 && was.memory > is.memory) return true;
  if (wanted.ephemeralStorage > 0 && was.ephemeralStorage > is.ephemeralStorage) return true;
  for (const [resource, amount] of wanted.scalars ?? []) {
    if (amount <= 0) continue;
    if ((was.scalars?.get(resource) ?? 0) > (is.scalars?.get(resource) ?? 0)) return true;
  }
  return false;
}

/** A node large enough for the pod that is new, or has more than before of what the pod wants. */
function nodeMadeRoom(pod: PodInfo, before: unknown, after: unknown): boolean {
  const is = emptyNode(after as Node);
  if (lack(pod, is) !== undefined) return false;
  if (before === undefined) return true;
  const was = emptyNode(before as Node);
  const grew = (column: 'allocatableCpu' | 'allocatableMemory' | 'allocatableStorage') =>
    is.columns[column][0]! > was.columns[column][0]!;
  if (is.columns.allowedPods[0]! > was.columns.allowedPods[0]!) return true;
  const want = pod.requests;
  if (want.cpu > 0 && grew('allocatableCpu')) return true;
  if (want.memory > 0 && grew('allocatableMemory')) return true;
  if (want.ephemeralStorage > 0 && grew('allocatableStorage')) return true;
  for (const [resource, amount] of want.scalars ?? []) {
    const now = is.allocatableScalars.get(resource) ?? 0;
    if (amount > 0 && now > (was.allocatableScalars.get(resource) ?? 0)) return true;
  }
  return false;
}

function emptyNode(node: Node): NodeInfo {
  const info = new NodeInfo(node.metadata?.name ?? '');
  info.setNode(node);
  return info;
}
