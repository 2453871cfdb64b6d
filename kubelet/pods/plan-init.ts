/**
 * The init containers' share of the plan: ordinary ones run one after the other, those with
 * restartPolicy Always (sidecars) keep running beside the rest. As upstream's
 * computeInitContainerActions.
 */
import type { Container } from '../../machinery/schema/wire.ts';
import { containerHash } from './container-hash.ts';
import { type KillReason, type PlanInput, type PodPlan, planResize } from './plan.ts';
import { initContainers, isSidecar, type NodePod } from './pod.ts';
import { type ContainerObservation, latestContainer, type PodState } from './pod-state.ts';
import { shouldStart } from './restart.ts';

/** Ended badly: a code other than 0, killed for memory, or nobody knows. */
export function initFailed(seen: ContainerObservation): boolean {
  if (seen.reason === 'OOMKilled' || seen.state === 'unknown') return true;
  return seen.state === 'exited' && seen.exitCode !== 0;
}

/** Adds to `changes` what the init containers need; returns whether all of them are done. */
export function planInit(
  pod: NodePod,
  state: PodState,
  input: PlanInput,
  changes: PodPlan,
): boolean {
  const containers = initContainers(pod);
  if (containers.length === 0) return true;
  const walk = new InitWalk(pod, state, input, changes);
  // From the last one back: those before the newest may be gone from the runtime.
  for (let i = containers.length - 1; i >= 0; i--) {
    if (!walk.visit(containers, i)) return false;
  }
  if (!walk.previous) changes.startInit.push(containers[0]!.name);
  changes.startInit.reverse();
  return walk.initialized;
}

class InitWalk {
  /** All init containers are done. */
  initialized: boolean;
  /** A later container exists, so the one looked at has been initialized before. */
  previous: boolean;
  private readonly pod: NodePod;
  private readonly state: PodState;
  private readonly input: PlanInput;
  private readonly changes: PodPlan;

  constructor(pod: NodePod, state: PodState, input: PlanInput, changes: PodPlan) {
    this.pod = pod;
    this.state = state;
    this.input = input;
    this.changes = changes;
    // Main containers that exited may belong to a sandbox before a reboot: they prove nothing.
    this.initialized = pod.spec.containers.some((c) => {
      const seen = latestContainer(state, c.name)?.state;
      return seen === 'created' || seen === 'running';
    });
    this.previous = this.initialized;
  }

  /** False when the pod is lost: initialization failed for good. */
  visit(containers: Container[], i: number): boolean {
    const container = containers[i]!;
    const seen = latestContainer(this.state, container.name);
    if (seen === undefined) {
      if (this.previous && isSidecar(container)) this.changes.startInit.push(container.name);
      return true;
    }
    if (this.previous && !isSidecar(container)) return true;
    const next = containers[i + 1];
    let alive = true;
    switch (seen.state) {
      case 'created':
        // Made but never started: the runtime failed in between.
        this.changes.startInit.push(container.name);
        break;
      case 'running':
        if (isSidecar(container)) this.runningSidecar(container, seen, next);
        else planResize(container, this.pod, seen, this.input, this.changes);
        break;
      case 'exited':
        alive = this.exited(container, seen, next);
        break;
      default:
        alive = this.unknown(container, seen);
    }
    this.previous = true;
    return alive;
  }

  private started(next: Container | undefined): void {
    if (next === undefined) this.initialized = true;
    else if (!this.previous) this.changes.startInit.push(next.name);
  }

  private runningSidecar(
    container: Container,
    seen: ContainerObservation,
    next: Container | undefined,
  ): void {
    const { name } = container;
    if (container.startupProbe !== undefined) {
      const startup = this.input.startup(seen.id);
      if (startup === 'failure') {
        this.replace(
          container,
          seen,
          `Init container ${name} failed startup probe`,
          'startupProbe',
        );
      }
      if (startup !== 'success') return;
    }
    this.started(next);
    if (seen.hash !== containerHash(container)) {
      this.replace(container, seen, `Init container ${name} definition changed`, '');
      return;
    }
    if (container.livenessProbe !== undefined) {
      const liveness = this.input.liveness(seen.id);
      if (liveness === undefined) return;
      if (liveness === 'failure') {
        const message = `Init container ${name} failed liveness probe`;
        this.replace(container, seen, message, 'livenessProbe');
        return;
      }
    }
    const need = planResize(container, this.pod, seen, this.input, this.changes);
    if (need === 'restart') this.changes.startInit.push(name);
  }

  private exited(
    container: Container,
    seen: ContainerObservation,
    next: Container | undefined,
  ): boolean {
    if (isSidecar(container)) {
      this.changes.startInit.push(container.name);
      return true;
    }
    if (!initFailed(seen)) {
      this.started(next);
      return true;
    }
    if (!shouldStart(container, this.pod, this.state)) return this.lose();
    this.changes.startInit.push(container.name);
    return true;
  }

  private unknown(container: Container, seen: ContainerObservation): boolean {
    const policy = container.restartPolicy ?? this.pod.spec.restartPolicy;
    if (!isSidecar(container) && policy === 'Never') return this.lose();
    const message = 'Init container is in "unknown" state, try killing it before restart';
    this.replace(container, seen, message, 'unknown');
    return true;
  }

  private lose(): boolean {
    this.changes.killPod = true;
    this.changes.startInit = [];
    return false;
  }

  private replace(
    container: Container,
    seen: ContainerObservation,
    message: string,
    reason: KillReason,
  ): void {
    this.changes.kill.push({ id: seen.id, name: container.name, message, reason });
    this.changes.startInit.push(container.name);
  }
}
