/** Whether the node takes a pod: what upstream's admit handlers check, with their words: pure. */
import { requiredNodeMatcher } from '../../machinery/meta/node-selector.ts';
import { isTolerated } from '../../machinery/meta/tolerations.ts';
import type { Node } from '../../machinery/schema/wire.ts';
import { allContainers, isStaticPod, type NodePod } from './pod.ts';
import { milliOf, podRequests, type ResourceList, unitsOf } from './resource-summary.ts';
import { dottedSysctl } from './sandbox-config.ts';
import { appArmorProfile } from './security-context.ts';
import type { Refusal } from './worker-deps.ts';

export interface AdmissionInput {
  readonly pod: NodePod;
  /** Pods that are on the node already, with what they were granted. */
  readonly others: readonly NodePod[];
  /** The node as it is registered; undefined while it is not: then labels and taints are not checked. */
  readonly node: Node | undefined;
  readonly nodeName: string;
  readonly allocatable: ResourceList;
  /** Patterns of sysctls that are allowed beside the safe ones. */
  readonly allowedSysctls: readonly string[];
  readonly appArmor: boolean;
  /** The runtime honours supplementalGroupsPolicy Strict. */
  readonly strictGroups: boolean;
}

const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

/** The first reason against the pod; undefined: it may run. */
export function admit(input: AdmissionInput): Refusal | undefined {
  return (
    checkSystem(input) ??
    checkSysctls(input) ??
    checkResources(input) ??
    checkPlacement(input) ??
    checkTaints(input)
  );
}

function checkSystem({ pod, appArmor, strictGroups }: AdmissionInput): Refusal | undefined {
  const os = pod.spec.os?.name;
  if (os !== undefined && os !== 'linux') {
    const message = "Failed to admit pod as the OS field doesn't match node OS";
    return { reason: 'PodOSNotSupported', message };
  }
  if (pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict' && !strictGroups) {
    const message = 'SupplementalGroupsPolicy=Strict is not supported in this node';
    return { reason: 'SupplementalGroupsPolicyNotSupported', message };
  }
  const confined = allContainers(pod).some((c) => {
    const type = appArmorProfile(pod, c)?.type;
    return type !== undefined && type !== 'Unconfined';
  });
  if (confined && !appArmor) {
    const message = 'Cannot enforce AppArmor: AppArmor is not enabled on the host';
    return { reason: 'AppArmor', message };
  }
  return undefined;
}

/** Which namespace a sysctl belongs to, as far as that matters. */
function namespaceOf(name: string): 'network' | 'ipc' {
  return name.startsWith('net.') ? 'network' : 'ipc';
}

function checkSysctls({ pod, allowedSysctls }: AdmissionInput): Refusal | undefined {
  const patterns = [...safeSysctls, ...allowedSysctls];
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const dotted = dottedSysctl(name);
    const forbid = (why: string): Refusal => ({
      reason: 'SysctlForbidden',
      message: `forbidden sysctl: ${JSON.stringify(dotted)} ${why}`,
    });
    const known = patterns.some((p) =>
      p.endsWith('*') ? dotted.startsWith(p.slice(0, -1)) : dotted === p,
    );
    if (!known) return forbid('not allowlisted');
    const namespace = namespaceOf(dotted);
    if (namespace === 'network' && pod.spec.hostNetwork) {
      return forbid('not allowed with host network enabled');
    }
    if (namespace === 'ipc' && pod.spec.hostIPC) return forbid('not allowed with host ipc enabled');
  }
  return undefined;
}

/** The amount of a resource as messages give it: CPU in thousandths. */
function amountOf(list: ResourceList, name: string): number {
  return name === 'cpu' ? milliOf(list, name) : unitsOf(list, name);
}

/** The first resource of which the node has too little beside the other pods. */
export function insufficientResource(
  pod: NodePod,
  others: readonly NodePod[],
  allocatable: ResourceList,
): { name: string; requested: number; used: number; capacity: number } | undefined {
  const capacity = amountOf(allocatable, 'pods');
  if (others.length + 1 > capacity) {
    return { name: 'pods', requested: 1, used: others.length, capacity };
  }
  const requests = podRequests(pod);
  for (const name of Object.keys(requests)) {
    // What the node does not have at all is somebody else's to account for (devices).
    if (allocatable[name] === undefined) continue;
    const requested = amountOf(requests, name);
    if (requested === 0) continue;
    const used = others.reduce((sum, p) => sum + amountOf(podRequests(p), name), 0);
    const total = amountOf(allocatable, name);
    if (requested > total - used) return { name, requested, used, capacity: total };
  }
  return undefined;
}

function checkResources({ pod, others, allocatable }: AdmissionInput): Refusal | undefined {
  const lack = insufficientResource(pod, others, allocatable);
  if (lack === undefined) return undefined;
  const { name, requested, used, capacity } = lack;
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message };
}

interface HostPort {
  readonly ip: string;
  readonly key: string;
}

function hostPorts(pod: NodePod): HostPort[] {
  return pod.spec.containers.flatMap((c) =>
    (c.ports ?? [])
      .filter((p) => p.hostPort)
      .map((p) => ({ ip: p.hostIP || '0.0.0.0', key: `${p.protocol ?? 'TCP'}/${p.hostPort}` })),
  );
}

function collides(a: HostPort, b: HostPort): boolean {
  if (a.key !== b.key) return false;
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
}

function predicate(name: string, why: string): Refusal {
  return { reason: name, message: `Predicate ${name} failed: ${why}` };
}

function checkPlacement(input: AdmissionInput): Refusal | undefined {
  const { pod, others, node, nodeName } = input;
  const labels = node?.metadata?.labels ?? {};
  if (node !== undefined && requiredNodeMatcher(pod)?.matches(nodeName, labels) === false) {
    return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  }
  const taken = others.flatMap(hostPorts);
  if (hostPorts(pod).some((p) => taken.some((t) => collides(p, t)))) {
    return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  }
  return undefined;
}

function checkTaints({ pod, node }: AdmissionInput): Refusal | undefined {
  if (isStaticPod(pod)) return undefined;
  const tolerations = pod.spec.tolerations ?? [];
  const untolerated = (node?.spec?.taints ?? []).find(
    (taint) => taint.effect === 'NoExecute' && !isTolerated(tolerations, taint),
  );
  if (untolerated === undefined) return undefined;
  return predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate");
}

/** Why a resize cannot be granted now (Deferred) or ever (Infeasible). */
export function resizeRefusal(
  pod: NodePod,
  others: readonly NodePod[],
  allocatable: ResourceList,
): Refusal | undefined {
  if (isStaticPod(pod)) {
    const message = 'In-place resize of static-pods is not supported';
    return { reason: 'Infeasible', message };
  }
  const requests = podRequests(pod);
  for (const name of ['cpu', 'memory']) {
    const requested = amountOf(requests, name);
    const capacity = amountOf(allocatable, name);
    if (requested > capacity) {
      const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
      return { reason: 'Infeasible', message };
    }
  }
  const lack = insufficientResource(pod, others, allocatable);
  if (lack === undefined) return undefined;
  const { name, requested, used, capacity } = lack;
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: 'Deferred', message };
}
