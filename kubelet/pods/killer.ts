/** Ends containers and whole pods: preStop hook, signal, grace period, in the right order. */
import type { EventRecorder } from '../../client/events.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Container } from '../../machinery/schema/wire.ts';
import { isNotFound } from '../cri/cri-error.ts';
import type { Runtime } from '../cri/runtime.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { KillReason } from './plan.ts';
import { containerReference, findContainer, type NodePod } from './pod.ts';
import { liveContainers, type PodState } from './pod-state.ts';
import { TerminationOrder } from './termination-order.ts';

export interface KillerOptions {
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly log: Log;
  /** How long a call to the runtime may take beyond the grace period. */
  readonly requestTimeoutMs: number;
}

/** Never less: a signal shall have a chance before SIGKILL. */
const minGraceSeconds = 2;

/** The grace period of a container by the pod, and by the probe that failed. */
export function graceSeconds(pod: NodePod, container: Container, reason: KillReason): number {
  const { deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds !== undefined) return deletionGracePeriodSeconds;
  const { terminationGracePeriodSeconds } = pod.spec;
  if (terminationGracePeriodSeconds === undefined) return minGraceSeconds;
  const ofProbe =
    reason === 'startupProbe'
      ? container.startupProbe?.terminationGracePeriodSeconds
      : reason === 'livenessProbe'
        ? container.livenessProbe?.terminationGracePeriodSeconds
        : undefined;
  return ofProbe ?? terminationGracePeriodSeconds;
}

export interface KillRequest {
  readonly pod: NodePod;
  readonly containerId: string;
  readonly name: string;
  /** For the event; '' for the usual text. */
  readonly message: string;
  readonly reason: KillReason;
  readonly graceOverrideSeconds?: number | undefined;
  readonly podIp: string;
}

export class Killer {
  private readonly options: KillerOptions;

  constructor(options: KillerOptions) {
    this.options = options;
  }

  /** Kills one container and returns when it is dead. The signal ends the wait, not the kill. */
  async killContainer(
    request: KillRequest,
    signal: AbortSignal,
    order?: TerminationOrder,
  ): Promise<void> {
    const { runtime, recorder, requestTimeoutMs } = this.options;
    const { pod, containerId, name } = request;
    const container = findContainer(pod, name) ?? { name };
    const message = request.message || `Stopping container ${name}`;
    recorder.event(containerReference(pod, name), 'Normal', 'Killing', message);
    let grace = request.graceOverrideSeconds ?? graceSeconds(pod, container, request.reason);
    if (container.lifecycle?.preStop && grace > 0) {
      grace -= await this.preStop(request, container, grace, signal);
    }
    if (order !== undefined && grace > 0) {
      grace -= Math.floor((await order.turn(name, grace * 1000)) / 1000);
    }
    const timeout = Math.max(minGraceSeconds, grace);
    try {
      const timeoutMs = timeout * 1000 + requestTimeoutMs;
      await runtime.call('StopContainer', { containerId, timeout }, { signal, timeoutMs });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    order?.done(name);
  }

  /** Seconds it took, whole ones. */
  private async preStop(
    request: KillRequest,
    container: Container,
    graceSeconds: number,
    outer: AbortSignal,
  ): Promise<number> {
    const { runtime, recorder, log } = this.options;
    const { pod, containerId, podIp, name } = request;
    const start = Date.now();
    const limit = AbortSignal.timeout(graceSeconds * 1000);
    const signal = AbortSignal.any([limit, outer]);
    try {
      const context = { runtime, recorder, pod, container, containerId, podIp, signal };
      await runHook(container.lifecycle!.preStop!, context);
    } catch (error) {
      log.warn(
        { ...errorFields(error), pod: pod.metadata.name, container: name },
        'preStop hook failed',
      );
      // Not the text itself: it may tell a secret.
      if (!limit.aborted && !outer.aborted) {
        recorder.event(
          containerReference(pod, name),
          'Warning',
          'FailedPreStopHook',
          'PreStopHook failed',
        );
      }
    }
    return Math.floor((Date.now() - start) / 1000);
  }

  /** Kills every live container of the pod and stops its sandboxes. Throws the first failure. */
  async killPod(
    pod: NodePod,
    state: PodState,
    graceOverrideSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const live = liveContainers(state);
    const order = new TerminationOrder(pod, new Set(live.map((c) => c.name)));
    const podIp = state.ips[0] ?? '';
    const results = await Promise.allSettled(
      live.map(async ({ id: containerId, name }) => {
        const request = { pod, containerId, name, message: '', reason: 'unknown', podIp } as const;
        try {
          await this.killContainer({ ...request, graceOverrideSeconds }, signal, order);
        } finally {
          order.done(name);
        }
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    for (const sandbox of state.sandboxes) await this.stopSandbox(sandbox.id);
  }

  /** Ends the sandbox and its network; fine when it is gone. */
  async stopSandbox(podSandboxId: string): Promise<void> {
    try {
      await this.options.runtime.call('StopPodSandbox', { podSandboxId });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
