/** CPU and memory of containers and pods as plain numbers, and the pod's QoS class. */
import { parseQuantity, Quantity } from '../../machinery/meta/quantity.ts';
import type { Container, ResourceRequirements } from '../../machinery/schema/wire.ts';
import { initContainers, isSidecar, type NodePod } from './pod.ts';

export type ResourceList = Readonly<Record<string, string>>;
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** 0 stands for not set, as upstream treats it. */
export interface ResourceSummary {
  readonly cpuRequestMilli: number;
  readonly cpuLimitMilli: number;
  readonly memoryRequestBytes: number;
  readonly memoryLimitBytes: number;
}

/** Thousandths of a quantity in a list; 0 when it is not there. */
export function milliOf(list: ResourceList | undefined, name: string): number {
  const text = list?.[name];
  return text === undefined ? 0 : Number(parseQuantity(String(text)).toMillis());
}

/** Whole units of a quantity in a list; 0 when it is not there. */
export function unitsOf(list: ResourceList | undefined, name: string): number {
  const text = list?.[name];
  return text === undefined ? 0 : Number(parseQuantity(String(text)).value());
}

/** What a container asks for and is limited to; limits of the pod hold where it has none. */
export function containerResources(container: Container, pod: NodePod): ResourceSummary {
  const { requests, limits } = container.resources ?? {};
  const podLimits = pod.spec.resources?.limits;
  return {
    cpuRequestMilli: milliOf(requests, 'cpu'),
    cpuLimitMilli: milliOf(limits, 'cpu') || milliOf(podLimits, 'cpu'),
    memoryRequestBytes: unitsOf(requests, 'memory'),
    memoryLimitBytes: unitsOf(limits, 'memory') || unitsOf(podLimits, 'memory'),
  };
}

type Totals = Map<string, Quantity>;

function addTo(totals: Totals, list: ResourceList | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const sum = totals.get(name) ?? Quantity.zero;
    totals.set(name, sum.add(parseQuantity(String(text))));
  }
}

function raiseTo(totals: Totals, other: Totals): void {
  for (const [name, q] of other) {
    const have = totals.get(name);
    if (have === undefined || q.cmp(have) > 0) totals.set(name, q);
  }
}

/** Resources that may be set for the pod as a whole. */
function podLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function totalOf(pod: NodePod, field: 'requests' | 'limits', overhead: boolean): Totals {
  const of = (c: Container): ResourceList | undefined => c.resources?.[field];
  const totals: Totals = new Map();
  for (const c of pod.spec.containers) addTo(totals, of(c));
  const beside: Totals = new Map();
  const peak: Totals = new Map();
  for (const c of initContainers(pod)) {
    const now: Totals = new Map(beside);
    addTo(now, of(c));
    if (isSidecar(c)) {
      addTo(totals, of(c));
      addTo(beside, of(c));
    }
    raiseTo(peak, now);
  }
  raiseTo(totals, peak);
  for (const [name, text] of Object.entries(pod.spec.resources?.[field] ?? {})) {
    if (podLevel(name)) totals.set(name, parseQuantity(String(text)));
  }
  if (overhead) {
    for (const [name, text] of Object.entries(pod.spec.overhead ?? {})) {
      // A limit exists only where some container has one.
      const have = totals.get(name);
      if (field === 'limits' && (have === undefined || have.isZero())) continue;
      totals.set(name, (have ?? Quantity.zero).add(parseQuantity(String(text))));
    }
  }
  return totals;
}

function asList(totals: Totals): Record<string, string> {
  return Object.fromEntries([...totals].map(([name, q]) => [name, q.toString()]));
}

/** What the pod asks for: main containers and sidecars together, or the dearest init container. */
export function podRequests(pod: NodePod, overhead = true): Record<string, string> {
  return asList(totalOf(pod, 'requests', overhead));
}

/** The same for limits; a resource without any limit is missing. */
export function podLimits(pod: NodePod, overhead = true): Record<string, string> {
  return asList(totalOf(pod, 'limits', overhead));
}

/** Whether every container (or the pod itself) has a limit for `name`. */
export function everyContainerLimited(pod: NodePod, name: 'cpu' | 'memory'): boolean {
  if (unitsOf(pod.spec.resources?.limits, name) > 0) return true;
  return [...pod.spec.containers, ...initContainers(pod)].every(
    (c) => milliOf(c.resources?.limits, name) > 0,
  );
}

/** The class the pod is in: what the API says, else by its resources. */
export function qosClass(pod: NodePod): QosClass {
  const known = pod.status?.qosClass;
  return known ? (known as QosClass) : computeQosClass(pod);
}

/** The class by resources alone (API reference, "Pod Quality of Service Classes"). */
export function computeQosClass(pod: NodePod): QosClass {
  const considered: (ResourceRequirements | undefined)[] =
    pod.spec.resources === undefined
      ? [...pod.spec.containers, ...initContainers(pod)].map((c) => c.resources)
      : [pod.spec.resources];
  const requests: Totals = new Map();
  const limits: Totals = new Map();
  let guaranteed = true;
  for (const resources of considered) {
    const limited = new Set<string>();
    for (const name of ['cpu', 'memory']) {
      const request = resources?.requests?.[name];
      if (request !== undefined && !parseQuantity(String(request)).isZero()) {
        addTo(requests, { [name]: request });
      }
      const limit = resources?.limits?.[name];
      if (limit !== undefined && !parseQuantity(String(limit)).isZero()) {
        limited.add(name);
        addTo(limits, { [name]: limit });
      }
    }
    if (limited.size < 2) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal =
    requests.size === limits.size &&
    [...requests].every(([name, q]) => limits.get(name)?.cmp(q) === 0);
  return guaranteed && equal ? 'Guaranteed' : 'Burstable';
}
