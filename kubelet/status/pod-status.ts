/** The status of a pod as the API shows it, from everything the kubelet knows: pure. */
import type {
  ContainerStatus,
  PodCondition,
  PodStatus,
  ResourceRequirements,
} from '../../machinery/schema/wire.ts';
import { isHostNetwork, isTerminalPhase, type NodePod } from '../pods/pod.ts';
import { latestContainer, type PodState } from '../pods/pod-state.ts';
import { podLimits, podRequests, qosClass } from '../pods/resource-summary.ts';
import { triggersRestartAll } from '../pods/restart.ts';
import { isOwnedCondition, ownedConditions } from './conditions.ts';
import { containerStatuses, type FullStatus, type StartFailure } from './container-statuses.ts';
import { type PodPhase, podPhase } from './phase.ts';

/** Readiness of containers by their probes. */
export interface ProbeReport {
  /** The startup probe has passed, or there is none. */
  started(pod: NodePod, status: ContainerStatus): boolean;
  ready(pod: NodePod, status: ContainerStatus): boolean;
}

export interface PodStatusInput {
  readonly pod: NodePod;
  readonly state: PodState;
  /** What was last reported; the API's own at first. */
  readonly old: PodStatus;
  readonly runtimeName: string;
  readonly failures: ReadonlyMap<string, StartFailure>;
  readonly probes: ProbeReport;
  readonly hostIps: readonly string[];
  /** Nothing of the pod runs any more or ever will. */
  readonly terminal: boolean;
  /** The kubelet ends the pod: deadline, eviction, rejection. */
  readonly verdict?: { readonly reason: string; readonly message: string } | undefined;
  /** Why the node ends the pod, as a condition. */
  readonly disruption?: PodCondition | undefined;
  readonly recursiveReadOnly: boolean;
  /** The resources a container was last given. */
  readonly given: (container: string) => ResourceRequirements | undefined;
  /** Conditions of a resize under way or waiting. */
  readonly resize: readonly PodCondition[];
}

/** First the address of the node's family, then the other's; at most one of each. */
export function orderIps(ips: readonly string[], nodeIp: string | undefined): string[] {
  const isV6 = (ip: string): boolean => ip.includes(':');
  const preferV6 = nodeIp !== undefined && isV6(nodeIp);
  const first = ips.find((ip) => isV6(ip) === preferV6);
  const second = ips.find((ip) => isV6(ip) !== preferV6);
  return [first, second].filter((ip) => ip !== undefined);
}

/** What holds of a phase once reached: a pod that ended stays ended. */
function settlePhase(phase: PodPhase, old: PodStatus, pod: NodePod): PodPhase {
  const api = pod.status?.phase;
  if (isTerminalPhase(api)) return api as PodPhase;
  if (!isTerminalPhase(phase) && isTerminalPhase(old.phase)) return old.phase as PodPhase;
  return phase;
}

function applyProbes(statuses: FullStatus[], pod: NodePod, probes: ProbeReport): void {
  for (const status of statuses) {
    status.started = probes.started(pod, status);
    status.ready =
      status.started && status.state.running !== undefined && probes.ready(pod, status);
  }
}

/** The whole status but for the times of conditions, which `StatusManager` sets. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, state, old, hostIps } = input;
  const { spec } = pod;
  const restartingAll = triggersRestartAll(pod, state, old);
  const forContainers = { ...input, restartingAll };
  const main = containerStatuses(
    spec.containers,
    old.containerStatuses ?? [],
    'main',
    forContainers,
  );
  const init = containerStatuses(
    spec.initContainers ?? [],
    old.initContainerStatuses ?? [],
    'init',
    forContainers,
  );
  const ephemeral = containerStatuses(
    spec.ephemeralContainers ?? [],
    old.ephemeralContainerStatuses ?? [],
    'ephemeral',
    forContainers,
  );
  const sandboxId = state.sandboxes[0]?.ready ? state.sandboxes[0].id : undefined;
  const active = spec.containers.some(
    (c) => sandboxId !== undefined && latestContainer(state, c.name)?.sandboxId === sandboxId,
  );
  const computed = podPhase({
    pod,
    statuses: [...main, ...init],
    terminal: input.terminal,
    initialized: active,
  });
  let phase = settlePhase(computed, old, pod);
  let reason = phase === old.phase ? old.reason || pod.status?.reason : undefined;
  let message = phase === old.phase ? old.message || pod.status?.message : undefined;
  if (input.verdict !== undefined) {
    phase = isTerminalPhase(pod.status?.phase) ? phase : 'Failed';
    ({ reason, message } = input.verdict);
  }
  applyProbes(main, pod, input.probes);
  applyInitProbes(init, pod, input.probes);

  const others = (pod.status?.conditions ?? []).filter((c) => !isOwnedCondition(c.type));
  const disruption = input.disruption ?? old.conditions?.find((c) => c.type === 'DisruptionTarget');
  const kept = disruption
    ? [...others.filter((c) => c.type !== 'DisruptionTarget'), disruption]
    : others;
  const statuses = [...init, ...main];
  const conditions = [
    ...kept,
    ...input.resize,
    ...ownedConditions({ pod, state, old, statuses, phase, others: kept }),
  ];
  const ips = podIps(input);
  const generation = pod.metadata.generation;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions,
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(hostIps[0] ? { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) } : {}),
    ...(ips[0] ? { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) } : {}),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: qosClass(pod),
    ...podResources(pod),
  };
}

/** What the node has granted the pod as a whole. */
function podResources(pod: NodePod): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const some = (list: Record<string, string>): boolean => Object.keys(list).length > 0;
  return {
    ...(some(requests) ? { allocatedResources: requests } : {}),
    resources: {
      ...(some(limits) ? { limits } : {}),
      ...(some(requests) ? { requests } : {}),
    },
  };
}

function applyInitProbes(statuses: FullStatus[], pod: NodePod, probes: ProbeReport): void {
  for (const status of statuses) {
    const container = pod.spec.initContainers?.find((c) => c.name === status.name);
    status.started = probes.started(pod, status);
    if (container?.restartPolicy === 'Always') {
      const running = status.state.running !== undefined;
      status.ready = status.started && running && probes.ready(pod, status);
    } else {
      status.ready = status.state.terminated?.exitCode === 0;
    }
  }
}

function podIps({ pod, state, old, hostIps }: PodStatusInput): string[] {
  if (!isHostNetwork(pod)) return orderIps(state.ips, hostIps[0]);
  // The host's addresses; those once reported stay.
  const known = (old.podIPs ?? []).map((p) => p.ip ?? '').filter(Boolean);
  if (known.length === 0) return hostIps.slice(0, 2);
  const [, second] = hostIps;
  if (known.length === 1 && second && second.includes(':') !== known[0]!.includes(':')) {
    return [...known, second];
  }
  return known;
}
