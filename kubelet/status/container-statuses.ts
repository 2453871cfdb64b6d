/**
 * Statuses of containers from what the runtime shows, what was said before and why starts failed.
 * The rules are those of upstream's convertToAPIContainerStatuses: pure.
 */
import { formatTime } from '../../machinery/meta/times.ts';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  ResourceRequirements,
} from '../../machinery/schema/wire.ts';
import { recursiveReadOnly } from '../pods/container-mounts.ts';
import { anyMainCreated } from '../pods/plan.ts';
import { initContainers, isDeleted, isSidecar, type NodePod } from '../pods/pod.ts';
import { type ContainerObservation, latestContainer, type PodState } from '../pods/pod-state.ts';
import { shouldStart } from '../pods/restart.ts';
import { reportedResources } from './container-resources.ts';
import { restartingAllContainers } from './phase.ts';

/** Why a container was not started at the last try. */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
}

export interface StatusInput {
  readonly pod: NodePod;
  readonly state: PodState;
  /** `containerd`: the scheme of container ids. */
  readonly runtimeName: string;
  readonly failures: ReadonlyMap<string, StartFailure>;
  /** All containers are being restarted in place. */
  readonly restartingAll: boolean;
  /** The runtime can mount recursively read-only. */
  readonly recursiveReadOnly: boolean;
  /** The resources a container was last given. */
  readonly given: (container: string) => ResourceRequirements | undefined;
}

const lost = 137;

function endOf(seen: ContainerObservation, containerID: string): ContainerState['terminated'] {
  return {
    exitCode: seen.exitCode,
    ...(seen.reason ? { reason: seen.reason } : {}),
    ...(seen.message ? { message: seen.message } : {}),
    startedAt: formatTime(seen.startedAtMs),
    finishedAt: formatTime(seen.finishedAtMs),
    containerID,
  };
}

/** What a status must have; the API fills in nothing. */
export type FullStatus = ContainerStatus & { state: ContainerState; lastState: ContainerState };

function convert(
  seen: ContainerObservation,
  old: ContainerStatus | undefined,
  volumeMounts: ContainerStatus['volumeMounts'],
  input: StatusInput,
): FullStatus {
  const containerID = `${input.runtimeName}://${seen.id}`;
  const status: FullStatus = {
    name: seen.name,
    state: {},
    lastState: {},
    ready: false,
    restartCount: Math.max(seen.restartCount, old?.restartCount ?? 0),
    image: seen.image,
    imageID: seen.imageRef,
    containerID,
    ...(volumeMounts ? { volumeMounts } : {}),
    ...(seen.user ? { user: { linux: seen.user } } : {}),
  };
  if (old !== undefined) {
    // A container that was removed left its end here only.
    const before =
      old.containerID !== containerID && old.state?.terminated
        ? old.state.terminated
        : old.lastState?.terminated;
    if (before !== undefined) status.lastState = { terminated: before };
  }
  switch (seen.state) {
    case 'running':
      status.state = { running: { startedAt: formatTime(seen.startedAtMs) } };
      if (old?.state?.terminated && old.restartCount >= seen.restartCount) {
        status.restartCount = old.restartCount + 1;
      }
      break;
    case 'exited':
      status.state = { terminated: endOf(seen, containerID)! };
      break;
    case 'unknown':
      if (old?.state?.running) {
        // It ran and does not any more, as far as anybody can tell: never back to waiting.
        status.state = {
          terminated: {
            exitCode: lost,
            reason: input.restartingAll ? restartingAllContainers : 'ContainerStatusUnknown',
            message: 'The container could not be located when the pod was terminated',
            startedAt: null as never,
            finishedAt: null as never,
          },
        };
        status.restartCount = old.restartCount + 1;
        break;
      }
      status.state = { waiting: {} };
      break;
    default:
      status.state = { waiting: {} };
  }
  return status;
}

function mountStatuses(container: Container, input: StatusInput): ContainerStatus['volumeMounts'] {
  const mounts = container.volumeMounts ?? [];
  if (mounts.length === 0) return undefined;
  return mounts.map((m) => {
    const base = { name: m.name, mountPath: m.mountPath };
    if (!m.readOnly) return base;
    let recursive = false;
    try {
      recursive = recursiveReadOnly(m, input.recursiveReadOnly);
    } catch {
      // The container does not start; its mount is not recursive either.
    }
    return {
      ...base,
      readOnly: true,
      recursiveReadOnly: recursive ? 'Enabled' : 'Disabled',
    };
  });
}

/** The status of a container before the runtime has anything of it. */
function initialStatus(
  container: Container,
  old: ContainerStatus | undefined,
  input: StatusInput,
): FullStatus {
  if (old?.state?.terminated) {
    return { ...old, state: old.state, lastState: old.lastState ?? {} };
  }
  const inits = initContainers(input.pod).length > 0;
  const volumeMounts = mountStatuses(container, input);
  return {
    name: container.name,
    state: { waiting: { reason: inits ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: old?.lastState ?? {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
    ...(volumeMounts ? { volumeMounts } : {}),
  };
}

/** A container that ran and that the runtime has lost: its end is unknown, but it did end. */
function noteLoss(status: FullStatus, old: ContainerStatus, input: StatusInput): void {
  if (input.restartingAll && old.state?.waiting === undefined) {
    const message = 'The container is removed because RestartAllContainers in place';
    status.state = { waiting: { reason: restartingAllContainers, message } };
    status.lastState = {
      terminated: { exitCode: lost, reason: restartingAllContainers, message } as never,
    };
    status.restartCount = old.restartCount + 1;
    return;
  }
  if (old.state?.terminated || !old.state?.running) return;
  const waiting = status.state.waiting?.reason;
  const untouched = waiting === 'ContainerCreating' || waiting === 'PodInitializing';
  if (!untouched || status.lastState.terminated) return;
  status.lastState = {
    terminated: {
      exitCode: lost,
      reason: 'ContainerStatusUnknown',
      message:
        'The container could not be located when the pod was deleted.  The container used to be Running',
    } as never,
  };
  if (!isDeleted(input.pod)) status.restartCount++;
}

/** The statuses of one list of containers, in the order of the spec for init ones. */
export function containerStatuses(
  containers: readonly Container[],
  previous: readonly ContainerStatus[],
  kind: 'main' | 'init' | 'ephemeral',
  input: StatusInput,
): FullStatus[] {
  const { state } = input;
  const olds = new Map(previous.map((s) => [s.name, s]));
  const statuses = containers.map((container) => {
    const old = olds.get(container.name);
    const seen = state.containers.filter((c) => c.name === container.name);
    let status = initialStatus(container, old, input);
    if (seen.length === 0) {
      if (old !== undefined) noteLoss(status, old, input);
    } else {
      const mounts = old?.volumeMounts ?? mountStatuses(container, input);
      status = convert(seen[0]!, old, mounts, input);
      Object.assign(status, reportedResources(container, seen[0]!, input.given(container.name)));
      if (seen[0]!.state === 'running' && old?.started !== undefined) status.started = old.started;
      if (seen[1] !== undefined) status.lastState = convert(seen[1], old, mounts, input).state;
    }
    noteWaiting(container, status, kind, input);
    return status;
  });
  if (kind === 'init') return statuses;
  return statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function noteWaiting(
  container: Container,
  status: FullStatus,
  kind: 'main' | 'init' | 'ephemeral',
  input: StatusInput,
): void {
  const { pod, state, failures } = input;
  const seen = latestContainer(state, container.name);
  if (kind === 'init') {
    if (seen?.state === 'exited' && seen.exitCode === 0) return;
    const forgotten = seen === undefined && !isSidecar(container) && anyMainCreated(pod, state);
    if (forgotten && status.state.waiting) {
      const message =
        'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally';
      status.state = { terminated: { exitCode: 0, reason: 'Completed', message } as never };
      return;
    }
  }
  if (!shouldStart(container, pod, state)) return;
  const failure = failures.get(container.name);
  if (failure === undefined) return;
  if (status.state.terminated) status.lastState = { terminated: status.state.terminated };
  status.state = {
    waiting: {
      reason: failure.reason,
      ...(failure.message ? { message: failure.message } : {}),
    },
  };
}
