/**
 * Defaults of `spec.resources` of a pod from those of its containers (KEP-2837), where the pod
 * has some of its own.
 */
import { parseQuantity, type Quantity } from '../meta/quantity.ts';
import type { JsonObject } from './default-paths.ts';

/** Quantities by resource name. */
export type Quantities = Record<string, string>;

interface Resources {
  limits?: Quantities;
  requests?: Quantities;
}

interface Container {
  restartPolicy?: string;
  resources?: Resources;
}

/** Changes `spec.resources` of a pod's spec; true when it did. */
export function defaultPodLevelResources(spec: JsonObject): boolean {
  const resources = spec['resources'] as Resources | undefined;
  if (resources === undefined) return false;
  const changedLimits = defaultHugePages(spec, resources);
  return defaultRequests(spec, resources) || changedLimits;
}

/** Huge pages that containers limit are limited for the pod, unless it requests them itself. */
function defaultHugePages(spec: JsonObject, resources: Resources): boolean {
  if (count(resources.limits) === 0 && count(resources.requests) === 0) return false;
  const limits = { ...resources.limits };
  for (const [name, sum] of aggregate(spec, 'limits')) {
    if (!isHugePages(name) || resources.requests?.[name] !== undefined) continue;
    limits[name] ??= sum.toString();
  }
  if (count(limits) === count(resources.limits)) return false;
  resources.limits = limits;
  return true;
}

/** Requests are what the containers request together, else the pod's limits. */
function defaultRequests(spec: JsonObject, resources: Resources): boolean {
  if (count(resources.limits) === 0) return false;
  const requests = { ...resources.requests };
  for (const [name, sum] of aggregate(spec, 'requests')) {
    if (name === 'cpu' || name === 'memory') requests[name] ??= sum.toString();
  }
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    if (name === 'cpu' || name === 'memory' || isHugePages(name)) requests[name] ??= limit;
  }
  if (count(requests) === count(resources.requests)) return false;
  resources.requests = requests;
  return true;
}

function count(map: Quantities | undefined): number {
  return map === undefined ? 0 : Object.keys(map).length;
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

type Sums = Map<string, Quantity>;

/**
 * What a pod needs: all containers and restartable init containers together, or at an earlier
 * moment one init container beside the restartable ones before it.
 */
function aggregate(spec: JsonObject, which: 'limits' | 'requests'): Sums {
  const sums: Sums = new Map();
  for (const c of (spec['containers'] ?? []) as Container[]) add(sums, c.resources?.[which]);
  const restartable: Sums = new Map();
  const peak: Sums = new Map();
  for (const c of (spec['initContainers'] ?? []) as Container[]) {
    const own = c.resources?.[which];
    if (c.restartPolicy === 'Always') {
      add(sums, own);
      add(restartable, own);
      max(peak, restartable);
    } else {
      const together = new Map(restartable);
      add(together, own);
      max(peak, together);
    }
  }
  max(sums, peak);
  return sums;
}

function add(sums: Sums, quantities: Quantities | undefined): void {
  for (const [name, text] of Object.entries(quantities ?? {})) {
    const quantity = parseQuantity(text);
    sums.set(name, sums.get(name)?.add(quantity) ?? quantity);
  }
}

function max(sums: Sums, others: Sums): void {
  for (const [name, quantity] of others) {
    const before = sums.get(name);
    if (before === undefined || quantity.cmp(before) > 0) sums.set(name, quantity);
  }
}
