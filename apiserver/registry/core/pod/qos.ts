/** The quality-of-service class of a pod, from the cpu and memory of its containers. */
import { parseQuantity, Quantity } from '../../../../machinery/meta/quantity.ts';
import type { PodSpec, ResourceRequirements } from '../../../../machinery/schema/wire.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const computeResources = ['cpu', 'memory'] as const;

/**
 * Guaranteed: all have cpu and memory limits, requests equal limits; BestEffort: no requests or
 * limits at all. Resources of the pod itself stand for those of its containers.
 */
export function qosClass(spec: PodSpec): QosClass {
  const parts: (ResourceRequirements | undefined)[] =
    spec.resources === undefined
      ? [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.resources)
      : [spec.resources];
  const requests = sum(parts, 'requests');
  const limits = sum(parts, 'limits');
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  // A pod's own resources without limits are not held against it: the sums differ anyway.
  const counted = spec.resources === undefined ? parts : parts.filter((p) => hasAny(p?.limits));
  const limited = counted.every((p) =>
    computeResources.every((r) => positive(p?.limits?.[r]) !== undefined),
  );
  const equal =
    requests.size === limits.size &&
    [...requests].every(([r, q]) => limits.get(r)?.equals(q) === true);
  return limited && equal ? 'Guaranteed' : 'Burstable';
}

function hasAny(list: object | undefined): boolean {
  return Object.keys(list ?? {}).length > 0;
}

function positive(quantity: string | undefined): Quantity | undefined {
  if (quantity === undefined) return undefined;
  const q = parseQuantity(quantity);
  return q.sign() > 0 ? q : undefined;
}

function sum(
  parts: readonly (ResourceRequirements | undefined)[],
  kind: 'requests' | 'limits',
): Map<string, Quantity> {
  const sums = new Map<string, Quantity>();
  for (const part of parts) {
    for (const r of computeResources) {
      const q = positive(part?.[kind]?.[r]);
      if (q !== undefined) sums.set(r, (sums.get(r) ?? Quantity.zero).add(q));
    }
  }
  return sums;
}
