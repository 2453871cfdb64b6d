/** The conditions of a pod that the kubelet owns, without their times: pure. */
import type { ContainerStatus, PodCondition, PodStatus } from '../../machinery/schema/wire.ts';
import { initContainers, isHostNetwork, isSidecar, type NodePod } from '../pods/pod.ts';
import { judgeSandbox, latestContainer, type PodState } from '../pods/pod-state.ts';
import { mayRestartAll, triggersRestartAll } from '../pods/restart.ts';
import type { PodPhase } from './phase.ts';

/** Conditions of these types are the kubelet's alone. */
const owned = new Set([
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
]);

export function isOwnedCondition(type: string): boolean {
  return owned.has(type);
}

/** Set by the kubelet and by others. */
export function isSharedCondition(type: string): boolean {
  return type === 'DisruptionTarget';
}

export interface ConditionInput {
  readonly pod: NodePod;
  readonly state: PodState;
  /** The status before. */
  readonly old: PodStatus;
  /** Of init and main containers; undefined when there are none at all. */
  readonly statuses: readonly ContainerStatus[];
  readonly phase: PodPhase;
  /** Conditions of others, for readiness gates. */
  readonly others: readonly PodCondition[];
}

type Verdict = Omit<PodCondition, 'type'>;

const yes: Verdict = { status: 'True' };

function no(reason: string, message = ''): Verdict {
  return { status: 'False', reason, ...(message === '' ? {} : { message }) };
}

/** Go's `%s` of a list. */
const listed = (names: readonly string[]): string => `[${names.join(' ')}]`;

function problems(unknown: readonly string[], bad: readonly string[], what: string): string {
  return [
    ...(unknown.length > 0 ? [`containers with unknown status: ${listed(unknown)}`] : []),
    ...(bad.length > 0 ? [`containers with ${what} status: ${listed(bad)}`] : []),
  ].join(', ');
}

/** `False` with the reason that a pod's end gives both ready conditions. */
export function endedVerdict(phase: 'Succeeded' | 'Failed'): Verdict {
  return no(phase === 'Failed' ? 'PodFailed' : 'PodCompleted');
}

function containersReady({ pod, statuses, phase }: ConditionInput): Verdict {
  if (statuses.length === 0) return no('UnknownContainerStatuses');
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const { name } of [...initContainers(pod).filter(isSidecar), ...pod.spec.containers]) {
    const status = statuses.find((s) => s.name === name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return endedVerdict(phase);
  if (phase === 'Failed') return endedVerdict(phase);
  const message = problems(unknown, unready, 'unready');
  return message === '' ? yes : no('ContainersNotReady', message);
}

function ready(input: ConditionInput): Verdict {
  const containers = containersReady(input);
  if (containers.status !== 'True') return containers;
  const messages: string[] = [];
  for (const { conditionType } of input.pod.spec.readinessGates ?? []) {
    const type = JSON.stringify(conditionType);
    const condition = input.others.find((c) => c.type === conditionType);
    if (condition === undefined) {
      messages.push(`corresponding condition of pod readiness gate ${type} does not exist.`);
    } else if (condition.status !== 'True') {
      messages.push(
        `the status of pod readiness gate ${type} is not "True", but ${condition.status}`,
      );
    }
  }
  return messages.length === 0 ? yes : no('ReadinessGatesNotReady', messages.join(', '));
}

function anyMainStarted(pod: NodePod, statuses: readonly ContainerStatus[]): boolean {
  return pod.spec.containers.some((c) => {
    const status = statuses.find((s) => s.name === c.name);
    return status?.state?.running !== undefined || status?.state?.terminated !== undefined;
  });
}

function initialized({ pod, statuses, phase, old }: ConditionInput): Verdict {
  const inits = initContainers(pod);
  if (statuses.length === 0 && inits.length > 0) return no('UnknownContainerStatuses');
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of inits) {
    const status = statuses.find((s) => s.name === container.name);
    if (status === undefined) unknown.push(container.name);
    else if (!(isSidecar(container) ? status.started : status.ready)) {
      incomplete.push(container.name);
    }
  }
  if (phase === 'Succeeded' && unknown.length === 0) {
    return { status: 'True', reason: 'PodCompleted' };
  }
  if (anyMainStarted(pod, statuses)) return yes;
  const message = problems(unknown, incomplete, 'incomplete');
  if (message === '') return yes;
  // Once initialized, always initialized: a restart in place runs the init containers again.
  if (old.conditions?.some((c) => c.type === 'Initialized' && c.status === 'True')) return yes;
  return no('ContainersNotInitialized', message);
}

function restartingAll({ pod, state, old, phase }: ConditionInput): Verdict {
  if (phase === 'Succeeded' || phase === 'Failed') return endedVerdict(phase);
  const gone = [...initContainers(pod), ...pod.spec.containers].every(
    (c) => latestContainer(state, c.name) === undefined,
  );
  if (!triggersRestartAll(pod, state, old) || gone) return { status: 'False' };
  return {
    status: 'True',
    reason: 'RestartAllContainersStarted',
    message: 'container exited with restart policy rule',
  };
}

/** All of them, in the order upstream lists them. */
export function ownedConditions(input: ConditionInput): PodCondition[] {
  const { pod, state } = input;
  const observedGeneration = pod.metadata.generation;
  const make = (type: string, verdict: Verdict): PodCondition => ({
    type,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...verdict,
  });
  const sandbox = judgeSandbox(isHostNetwork(pod), state);
  return [
    make('PodReadyToStartContainers', { status: sandbox.needed ? 'False' : 'True' }),
    make('Initialized', initialized(input)),
    make('Ready', ready(input)),
    make('ContainersReady', containersReady(input)),
    make('PodScheduled', yes),
    ...(mayRestartAll(pod) ? [make('AllContainersRestarting', restartingAll(input))] : []),
  ];
}
