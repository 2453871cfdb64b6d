/** Which pod has to go when the node runs out of something, and what it is told: pure. */
import { Quantity } from '../../machinery/meta/quantity.ts';
import type { Breach } from '../node/pressure.ts';
import type { PodUsage } from '../stats/usage.ts';
import { isCriticalPod, type NodePod } from './pod.ts';
import { podRequests, unitsOf } from './resource-summary.ts';
import type { Refusal } from './worker-deps.ts';

/** The resource that a signal is about. */
export function resourceOf(signal: string): 'memory' | 'ephemeral-storage' | 'inodes' | 'pids' {
  if (signal === 'memory.available') return 'memory';
  if (signal === 'pid.available') return 'pids';
  return signal.endsWith('inodesFree') ? 'inodes' : 'ephemeral-storage';
}

function used(usage: PodUsage, resource: string): number {
  if (resource === 'memory') return usage.group.workingSetBytes ?? 0;
  if (resource === 'inodes') return usage.containers.reduce((n, c) => n + c.rootfsInodes, 0);
  return usage.containers.reduce((n, c) => n + c.rootfsBytes, 0);
}

function priority(pod: NodePod): number {
  return pod.spec.priority ?? 0;
}

/**
 * The order of eviction: pods above their requests first, lower priority first, then by how far
 * they are above. Critical pods are never evicted.
 */
export function rankForEviction(pods: readonly PodUsage[], signal: string): PodUsage[] {
  const resource = resourceOf(signal);
  const excess = (u: PodUsage): number => used(u, resource) - unitsOf(podRequests(u.pod), resource);
  return pods
    .filter((u) => !isCriticalPod(u.pod))
    .toSorted(
      (a, b) =>
        Number(excess(b) > 0) - Number(excess(a) > 0) ||
        priority(a.pod) - priority(b.pod) ||
        excess(b) - excess(a),
    );
}

const amount = (bytes: number): string => Quantity.of(Math.floor(bytes), 'BinarySI').toString();

/** The status of an evicted pod, in upstream's words. */
export function evictionVerdict(usage: PodUsage, breach: Breach): Refusal {
  const resource = resourceOf(breach.signal);
  let message = `The node was low on resource: ${resource}. Threshold quantity: ${amount(breach.threshold)}, available: ${amount(breach.available)}. `;
  for (const c of usage.containers) {
    const spec = usage.pod.spec.containers.find((s) => s.name === c.container.name);
    const request = spec?.resources?.requests?.[resource] ?? '0';
    const bytes = resource === 'memory' ? c.workingSetBytes : c.rootfsBytes;
    if (bytes <= unitsOf({ request }, 'request')) continue;
    message += `Container ${c.container.name} was using ${amount(bytes)}, request is ${request}, has larger consumption of ${resource}. `;
  }
  return { reason: 'Evicted', message };
}
