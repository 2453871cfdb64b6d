/** What the containers of a pod need together (KEP 753: sidecars run beside init containers). */
import { parseQuantity, Quantity } from '../../../../machinery/meta/quantity.ts';
import type { PodSpec } from '../../../../machinery/schema/wire.ts';
import { type ResourceList, resourceEntries } from '../resource-names.ts';
import { isRestartableInit } from './pod-walk.ts';

type Sums = Map<string, Quantity>;

/**
 * Main containers and sidecars summed, or the largest step of initialization where that is more.
 * Sorted by resource.
 */
export function aggregateContainers(
  spec: PodSpec,
  kind: 'requests' | 'limits',
): [resource: string, sum: Quantity][] {
  const total: Sums = new Map();
  for (const c of spec.containers ?? []) add(total, c.resources?.[kind]);
  const sidecars: Sums = new Map();
  const largest: Sums = new Map();
  for (const c of spec.initContainers ?? []) {
    const own = c.resources?.[kind];
    if (isRestartableInit(c)) {
      add(total, own);
      add(sidecars, own);
      raise(largest, sidecars);
    } else {
      const step: Sums = new Map(sidecars);
      add(step, own);
      raise(largest, step);
    }
  }
  raise(total, largest);
  return [...total].sort(([a], [b]) => (a < b ? -1 : 1));
}

function add(sums: Sums, list: ResourceList | undefined): void {
  for (const [name, quantity] of resourceEntries(list)) {
    sums.set(name, (sums.get(name) ?? Quantity.zero).add(parseQuantity(quantity)));
  }
}

function raise(sums: Sums, others: Sums): void {
  for (const [name, quantity] of others) {
    const own = sums.get(name);
    if (own === undefined || quantity.cmp(own) > 0) sums.set(name, quantity);
  }
}
