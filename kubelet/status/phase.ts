/** The phase of a pod from its containers' statuses (as upstream's getPhase): pure. */
import type { Container, ContainerStatus } from '../../machinery/schema/wire.ts';
import { initContainers, isSidecar, isStaticPod, type NodePod } from '../pods/pod.ts';
import { restartsAfter } from '../pods/restart.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The reason of a container that was removed to restart the whole pod in place. */
export const restartingAllContainers = 'RestartingAllContainers';

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** The last end of a container that is ended or waits to be started again. */
function lastEnd(status: ContainerStatus): Terminated | undefined {
  if (status.state?.running) return undefined;
  return status.state?.terminated ?? status.lastState?.terminated;
}

function isRestartable(container: Container, pod: NodePod, end: Terminated): boolean {
  return restartsAfter(container, pod, end.exitCode) || end.reason === restartingAllContainers;
}

interface Tally {
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  stoppedForGood: number;
  succeeded: number;
}

export interface PhaseInput {
  readonly pod: NodePod;
  /** Of main and init containers. */
  readonly statuses: readonly ContainerStatus[];
  /** Nothing of the pod runs any more or ever will. */
  readonly terminal: boolean;
  /** Some main container has run in this sandbox. */
  readonly initialized: boolean;
}

export function podPhase(input: PhaseInput): PodPhase {
  const { pod, statuses } = input;
  const find = (name: string): ContainerStatus | undefined => statuses.find((s) => s.name === name);
  const init = tallyInit(pod, find);
  if (init.failedForGood) return 'Failed';
  const tally: Tally = {
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    stoppedForGood: 0,
    succeeded: 0,
  };
  const pendingSidecars = tallySidecars(pod, find, tally);
  tallyMain(pod, find, tally);

  const initializing = init.pending > 0 || (pendingSidecars > 0 && !input.initialized);
  if (initializing || tally.waiting > 0) return 'Pending';
  if (tally.running > 0 && tally.unknown === 0) return 'Running';
  if (tally.running > 0 || tally.stopped === 0 || tally.unknown > 0) return 'Pending';
  const allSucceeded = tally.stopped === tally.succeeded;
  if (input.terminal && !isStaticPod(pod)) return allSucceeded ? 'Succeeded' : 'Failed';
  if (tally.stopped !== tally.stoppedForGood) return 'Running';
  return allSucceeded ? 'Succeeded' : 'Failed';
}

function tallyInit(
  pod: NodePod,
  find: (name: string) => ContainerStatus | undefined,
): { pending: number; failedForGood: boolean } {
  let pending = 0;
  let failedForGood = false;
  for (const container of initContainers(pod)) {
    if (isSidecar(container)) continue;
    const status = find(container.name);
    const end = status === undefined ? undefined : lastEnd(status);
    if (end === undefined) pending++;
    else if (end.exitCode !== 0 && !isRestartable(container, pod, end)) failedForGood = true;
  }
  return { pending, failedForGood };
}

function tallySidecars(
  pod: NodePod,
  find: (name: string) => ContainerStatus | undefined,
  tally: Tally,
): number {
  let pending = 0;
  for (const container of initContainers(pod)) {
    if (!isSidecar(container)) continue;
    const status = find(container.name);
    if (status === undefined) {
      tally.unknown++;
    } else if (status.state?.running) {
      if (!status.started) pending++;
      tally.running++;
    } else if (lastEnd(status) === undefined) {
      pending++;
      if (status.state?.waiting) tally.waiting++;
      else tally.unknown++;
    }
  }
  return pending;
}

function tallyMain(
  pod: NodePod,
  find: (name: string) => ContainerStatus | undefined,
  tally: Tally,
): void {
  for (const container of pod.spec.containers) {
    const status = find(container.name);
    if (status?.state?.running) {
      tally.running++;
      continue;
    }
    const end = status === undefined ? undefined : lastEnd(status);
    if (end === undefined) {
      if (status?.state?.waiting) tally.waiting++;
      else tally.unknown++;
      continue;
    }
    tally.stopped++;
    if (!isRestartable(container, pod, end)) tally.stoppedForGood++;
    if (status?.state?.terminated && end.exitCode === 0) tally.succeeded++;
  }
}
