/**
 * What a pod asks of a node, in numbers: the sum over its containers, at least the largest init
 * container, plus overhead. Rules: KEP-753 (sidecars), KEP-1287 (resize), KEP-2837 (pod level).
 */
import type { Container, ContainerStatus, Pod } from '../../machinery/schema/wire.ts';
import { milliValue, wholeMillis, wholeUnits } from './quantities.ts';

/** Amounts: CPU in thousandths, the rest in whole units (bytes, pieces). */
export interface Resources {
  cpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources, huge pages and the like; undefined when there are none. */
  scalars: Map<string, number> | undefined;
}

/** What a pod asks for, and the same with a floor for CPU and memory, as scoring counts it. */
export interface PodRequests extends Resources {
  nonZeroCpu: number;
  nonZeroMemory: number;
}

/** Counted for a container that asks for no CPU, when nodes are scored. */
export const defaultMilliCpu = 100;
/** Counted for a container that asks for no memory, when nodes are scored. */
export const defaultMemoryBytes = 200 * 1024 * 1024;

/** A resource list: names to quantities. */
export type ResourceList = Record<string, string>;
/** Thousandths per resource. */
type Amounts = Map<string, number>;

/** Resources counted one by one: extended ones, huge pages, attachable volumes. */
export function isScalarResource(name: string): boolean {
  if (name.startsWith('hugepages-') || name.startsWith('attachable-volumes-')) return true;
  if (name.startsWith('requests.')) return false;
  return name.includes('/');
}

/** True for a name outside the kubernetes.io domain, such as a device plugin's. */
export function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

/** What the pod asks for; a running pod counts with what it holds as well (resize). */
export function podRequests(pod: Pod): PodRequests {
  const podLevel = podLevelRequests(pod);
  const plain = totals(pod, podLevel, noFill);
  const needsCpu = podLevel === undefined || !plain.has('cpu');
  const needsMemory = podLevel === undefined || !plain.has('memory');
  const floor =
    needsCpu || needsMemory
      ? totals(pod, podLevel, {
          cpu: needsCpu ? defaultMilliCpu : undefined,
          memory: needsMemory ? defaultMemoryBytes * 1000 : undefined,
        })
      : plain;
  const result: PodRequests = {
    cpu: wholeMillis(plain.get('cpu') ?? 0),
    memory: wholeUnits(plain.get('memory') ?? 0),
    ephemeralStorage: wholeUnits(plain.get('ephemeral-storage') ?? 0),
    scalars: undefined,
    nonZeroCpu: wholeMillis(floor.get('cpu') ?? 0),
    nonZeroMemory: wholeUnits(floor.get('memory') ?? 0),
  };
  for (const [name, amount] of plain) {
    if (!isScalarResource(name)) continue;
    result.scalars ??= new Map();
    result.scalars.set(name, wholeUnits(amount));
  }
  return result;
}

/** Counted for a container that names no request, in thousandths. */
interface Fill {
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
}

const noFill: Fill = { cpu: undefined, memory: undefined };

function podLevelRequests(pod: Pod): ResourceList | undefined {
  const requests = pod.spec?.resources?.requests;
  if (requests === undefined) return undefined;
  return Object.keys(requests).some(isPodLevelResource) ? requests : undefined;
}

function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function totals(pod: Pod, podLevel: ResourceList | undefined, fill: Fill): Amounts {
  const sums: Amounts = new Map();
  const spec = pod.spec;
  if (spec === undefined) return sums;
  const held = heldResources(pod);
  for (const container of spec.containers ?? []) {
    add(sums, effective(pod, container, held), fill);
  }
  if (spec.initContainers !== undefined) addInitContainers(pod, sums, held, fill);
  if (podLevel !== undefined) {
    for (const name in podLevel) {
      if (isPodLevelResource(name)) sums.set(name, milliValue(podLevel[name]!));
    }
  }
  if (spec.overhead !== undefined) add(sums, spec.overhead, noFill);
  return sums;
}

/** Init containers run one by one, beside the sidecars started before them. */
function addInitContainers(pod: Pod, sums: Amounts, held: Held | undefined, fill: Fill): void {
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    const sidecar = container.restartPolicy === 'Always';
    const requests = sidecar
      ? effective(pod, container, held)
      : (container.resources?.requests ?? {});
    if (sidecar) {
      add(sums, requests, fill);
      add(sidecars, requests, fill);
      raise(peak, sidecars);
    } else {
      const now = new Map(sidecars);
      add(now, requests, fill);
      raise(peak, now);
    }
  }
  raise(sums, peak);
}

function add(sums: Amounts, list: ResourceList, fill: Fill): void {
  for (const name in list) sums.set(name, (sums.get(name) ?? 0) + milliValue(list[name]!));
  if (fill.cpu !== undefined && list['cpu'] === undefined) {
    sums.set('cpu', (sums.get('cpu') ?? 0) + fill.cpu);
  }
  if (fill.memory !== undefined && list['memory'] === undefined) {
    sums.set('memory', (sums.get('memory') ?? 0) + fill.memory);
  }
}

function raise(target: Amounts, floor: Amounts): void {
  for (const [name, amount] of floor) {
    if (amount > (target.get(name) ?? 0) || !target.has(name)) target.set(name, amount);
  }
}

type Held = ReadonlyMap<string, ContainerStatus>;

/** Container statuses that report resources, by name; undefined for pods not yet running. */
function heldResources(pod: Pod): Held | undefined {
  const status = pod.status;
  if (status === undefined) return undefined;
  let held: Map<string, ContainerStatus> | undefined;
  for (const list of [status.containerStatuses, status.initContainerStatuses]) {
    for (const one of list ?? []) {
      if (one.resources === undefined) continue;
      held ??= new Map();
      held.set(one.name, one);
    }
  }
  return held;
}

function effective(pod: Pod, container: Container, held: Held | undefined): ResourceList {
  const wanted = container.resources?.requests ?? {};
  const status = held?.get(container.name);
  if (status === undefined) return wanted;
  const lists = [status.resources?.requests, status.allocatedResources];
  if (!isResizeInfeasible(pod)) lists.push(wanted);
  const result: ResourceList = {};
  for (const list of lists) {
    for (const name in list) {
      const text = list[name]!;
      const known = result[name];
      if (known === undefined || milliValue(text) > milliValue(known)) result[name] = text;
    }
  }
  return result;
}

function isResizeInfeasible(pod: Pod): boolean {
  const pending = pod.status?.conditions?.find((c) => c.type === 'PodResizePending');
  return pending?.reason === 'Infeasible';
}
