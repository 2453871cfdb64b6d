/**
 * What must happen to a running pod, from its spec and what the runtime shows: pure.
 * The order of decisions and the messages are those of upstream's computePodActions.
 */
import type { Container } from '../../machinery/schema/wire.ts';
import { containerHash } from './container-hash.ts';
import { planInit } from './plan-init.ts';
import { ephemeralContainers, initContainers, isHostNetwork, type NodePod } from './pod.ts';
import {
  type ContainerObservation,
  judgeSandbox,
  latestContainer,
  type PodState,
} from './pod-state.ts';
import { type ResizeNeed, resizeNeed } from './resize.ts';
import type { ResourceSummary } from './resource-summary.ts';
import { matchingRule, restartsOnKill, shouldStart } from './restart.ts';

/** Why a container is killed; decides which grace period holds. */
export type KillReason =
  | 'startupProbe'
  | 'livenessProbe'
  | 'failedPostStart'
  | 'restartAll'
  | 'unknown'
  | '';

export interface KillOrder {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  readonly reason: KillReason;
}

/** A container that is removed from the runtime, killed first when it runs. */
export interface ResetOrder {
  readonly id: string;
  readonly name: string;
  readonly kill: boolean;
}

/** A running container whose limits change in place. */
export interface ResizeOrder {
  readonly id: string;
  readonly name: string;
}

export interface PodPlan {
  /** Stop every container and the sandbox; with `createSandbox` a new one follows. */
  killPod: boolean;
  createSandbox: boolean;
  /** The sandbox that stands, or the one that is replaced. */
  sandboxId: string;
  attempt: number;
  kill: KillOrder[];
  reset: ResetOrder[];
  /** Names, in the order they are started. */
  startInit: string[];
  start: string[];
  startEphemeral: string[];
  resize: ResizeOrder[];
  /** A container is restarted because of its resize policy: the pod's cgroup changes too. */
  resizeByRestart: boolean;
}

export type ProbeVerdict = 'success' | 'failure' | 'unknown';

/** What the plan depends on beside spec and runtime. */
export interface PlanInput {
  /** The last verdict of a probe for a container id; undefined before the first. */
  readonly liveness: (containerId: string) => ProbeVerdict | undefined;
  readonly startup: (containerId: string) => ProbeVerdict | undefined;
  /** A container's rule restarts the whole pod in place. */
  readonly restartAll: boolean;
  /** The resources a running container was last given. */
  readonly actuated: (container: string) => ResourceSummary | undefined;
}

function emptyPlan(): PodPlan {
  return {
    killPod: false,
    createSandbox: false,
    sandboxId: '',
    attempt: 0,
    kill: [],
    reset: [],
    startInit: [],
    start: [],
    startEphemeral: [],
    resize: [],
    resizeByRestart: false,
  };
}

/** The next steps for a pod that is to run. An empty plan means: nothing to do. */
export function plan(pod: NodePod, state: PodState, input: PlanInput): PodPlan {
  const sandbox = judgeSandbox(isHostNetwork(pod), state);
  const changes = emptyPlan();
  changes.sandboxId = sandbox.id;
  changes.attempt = sandbox.attempt;
  if (input.restartAll) {
    changes.reset = planReset(pod, state);
    return changes;
  }
  if (sandbox.needed) {
    changes.killPod = true;
    changes.createSandbox = true;
    planNewSandbox(pod, state, changes);
    return changes;
  }
  for (const container of ephemeralContainers(pod)) {
    if (latestContainer(state, container.name) === undefined) {
      changes.startEphemeral.push(container.name);
    }
  }
  const initialized = planInit(pod, state, input, changes);
  if (changes.killPod || !initialized) return changes;
  planMain(pod, state, input, changes);
  return changes;
}

function succeeded(state: PodState, name: string): boolean {
  const seen = latestContainer(state, name);
  return seen?.state === 'exited' && seen.exitCode === 0;
}

/** Whether a main container exists at all: then the init containers have all run. */
export function anyMainCreated(pod: NodePod, state: PodState): boolean {
  return pod.spec.containers.some((c) => {
    const seen = latestContainer(state, c.name);
    return seen !== undefined && seen.state !== 'unknown';
  });
}

function planNewSandbox(pod: NodePod, state: PodState, changes: PodPlan): void {
  const hadContainers = changes.attempt !== 0 && state.containers.length > 0;
  if (pod.spec.restartPolicy === 'Never' && hadContainers) {
    // A pod that runs once and has run: what is left of it is stopped, nothing is made anew.
    changes.createSandbox = false;
    return;
  }
  const start = pod.spec.containers.filter((c) => {
    const runOnce = (c.restartPolicy ?? pod.spec.restartPolicy) === 'OnFailure';
    return !(runOnce && succeeded(state, c.name));
  });
  if (start.length === 0 && anyMainCreated(pod, state)) {
    changes.createSandbox = false;
    return;
  }
  const [firstInit] = initContainers(pod);
  if (firstInit !== undefined) changes.startInit = [firstInit.name];
  else changes.start = start.map((c) => c.name);
}

function planReset(pod: NodePod, state: PodState): ResetOrder[] {
  const split = (containers: Container[]): { sources: ResetOrder[]; targets: ResetOrder[] } => {
    const sources: ResetOrder[] = [];
    const targets: ResetOrder[] = [];
    for (const c of containers) {
      for (const seen of state.containers.filter((s) => s.name === c.name)) {
        const exited = seen.state === 'exited';
        const order = { id: seen.id, name: c.name, kill: !exited };
        const source = exited && matchingRule(c, seen.exitCode)?.action === 'RestartAllContainers';
        (source ? sources : targets).push(order);
      }
    }
    return { sources, targets };
  };
  const init = split(initContainers(pod));
  const main = split(pod.spec.containers);
  // What triggered the restart goes last: until then the trigger can still be seen.
  return [...main.targets, ...init.targets, ...main.sources, ...init.sources];
}

/** Notes what the resize policy asks for; true when the container is kept as it is. */
export function planResize(
  container: Container,
  pod: NodePod,
  seen: ContainerObservation,
  input: PlanInput,
  changes: PodPlan,
): ResizeNeed {
  const need = resizeNeed(container, pod, seen, input.actuated(container.name));
  if (need === 'restart') {
    changes.kill.push({
      id: seen.id,
      name: container.name,
      message: `Container ${container.name} resize requires restart`,
      reason: '',
    });
    changes.resizeByRestart = true;
  } else if (need === 'update') {
    changes.resize.push({ id: seen.id, name: container.name });
  }
  return need;
}

function planMain(pod: NodePod, state: PodState, input: PlanInput, changes: PodPlan): void {
  let kept = 0;
  for (const container of pod.spec.containers) {
    const seen = latestContainer(state, container.name);
    if (seen?.state !== 'running') {
      if (!shouldStart(container, pod, state)) continue;
      changes.start.push(container.name);
      if (seen?.state === 'unknown') {
        // It may run: never two instances of one container.
        changes.kill.push({
          id: seen.id,
          name: container.name,
          message: 'Container is in "unknown" state, try killing it before restart',
          reason: 'unknown',
        });
      }
      continue;
    }
    const verdict = judgeRunning(container, pod, seen, input);
    if (verdict === undefined) {
      const need = planResize(container, pod, seen, input, changes);
      if (need === 'restart') changes.start.push(container.name);
      else kept++;
      continue;
    }
    let { message } = verdict;
    if (verdict.restart) {
      message += ', will be restarted';
      changes.start.push(container.name);
    }
    changes.kill.push({ id: seen.id, name: container.name, message, reason: verdict.reason });
  }
  if (kept === 0 && changes.start.length === 0) {
    changes.killPod = true;
    // Sidecars must not keep a finished pod alive.
    changes.startInit = [];
  }
}

interface KillVerdict {
  readonly message: string;
  readonly reason: KillReason;
  readonly restart: boolean;
}

function judgeRunning(
  container: Container,
  pod: NodePod,
  seen: ContainerObservation,
  input: PlanInput,
): KillVerdict | undefined {
  const { name } = container;
  const restart = restartsOnKill(container, pod);
  if (seen.hash !== containerHash(container)) {
    return { message: `Container ${name} definition changed`, reason: '', restart: true };
  }
  if (input.liveness(seen.id) === 'failure') {
    const message = `Container ${name} failed liveness probe`;
    return { message, reason: 'livenessProbe', restart };
  }
  if (input.startup(seen.id) === 'failure') {
    return { message: `Container ${name} failed startup probe`, reason: 'startupProbe', restart };
  }
  return undefined;
}

/** Nothing to do. */
export function isEmptyPlan(p: PodPlan): boolean {
  return (
    !p.killPod &&
    !p.createSandbox &&
    p.kill.length === 0 &&
    p.reset.length === 0 &&
    p.startInit.length === 0 &&
    p.start.length === 0 &&
    p.startEphemeral.length === 0 &&
    p.resize.length === 0
  );
}
