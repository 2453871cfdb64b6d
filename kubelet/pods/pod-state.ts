/** What the runtime says about one pod: its sandboxes and containers, newest first. */

export type RunState = 'created' | 'running' | 'exited' | 'unknown';

/** Resources as the runtime reports them; what it does not report is missing. */
export interface ObservedResources {
  readonly cpuRequestMilli?: number;
  readonly cpuLimitMilli?: number;
  readonly memoryLimitBytes?: number;
}

export interface ContainerObservation {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly state: RunState;
  readonly createdAtMs: number;
  /** 0 until it was started. */
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly reason: string;
  /** With the termination message appended. */
  readonly message: string;
  readonly image: string;
  readonly imageId: string;
  readonly imageRef: string;
  /** Of the spec that the container was made from; '' when the container does not carry one. */
  readonly hash: string;
  readonly restartCount: number;
  readonly logPath: string;
  readonly resources?: ObservedResources;
  readonly user?: { uid: number; gid: number; supplementalGroups: number[] };
}

export interface SandboxObservation {
  readonly id: string;
  readonly ready: boolean;
  readonly attempt: number;
  readonly createdAtMs: number;
  readonly hostNetwork: boolean;
  /** Undefined: the runtime reports no network at all. */
  readonly ips: readonly string[] | undefined;
}

export interface PodState {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Newest first. */
  readonly sandboxes: readonly SandboxObservation[];
  /** Newest first, of all sandboxes. */
  readonly containers: readonly ContainerObservation[];
  /** Addresses of the newest sandbox when it is ready. */
  readonly ips: readonly string[];
}

/** A pod of which the runtime has nothing. */
export function emptyPodState(uid: string, name: string, namespace: string): PodState {
  return { uid, name, namespace, sandboxes: [], containers: [], ips: [] };
}

/** The newest container of that name. */
export function latestContainer(state: PodState, name: string): ContainerObservation | undefined {
  return state.containers.find((c) => c.name === name);
}

/** Containers that may have a process: running ones, and those of unknown state. */
export function liveContainers(state: PodState): ContainerObservation[] {
  return state.containers.filter((c) => c.state === 'running' || c.state === 'unknown');
}

/** Whether a sandbox must be made, with the attempt number for it and the one it replaces. */
export interface SandboxVerdict {
  readonly needed: boolean;
  readonly attempt: number;
  readonly id: string;
}

/** Decides on the sandbox: none, not ready, several ready, wrong network or no address. */
export function judgeSandbox(hostNetwork: boolean, state: PodState): SandboxVerdict {
  const newest = state.sandboxes[0];
  if (newest === undefined) return { needed: true, attempt: 0, id: '' };
  const next = newest.attempt + 1;
  const readyCount = state.sandboxes.filter((s) => s.ready).length;
  if (readyCount > 1 || !newest.ready) return { needed: true, attempt: next, id: newest.id };
  if (newest.hostNetwork !== hostNetwork) return { needed: true, attempt: next, id: '' };
  if (!hostNetwork && newest.ips !== undefined && newest.ips.length === 0) {
    return { needed: true, attempt: next, id: newest.id };
  }
  return { needed: false, attempt: newest.attempt, id: newest.id };
}
