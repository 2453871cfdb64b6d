/**
 * What a pod asks for and is limited to as a whole. Rules: KEP-753 (sidecars), KEP-1287 (a pod
 * being resized counts with what it has and what it wants), KEP-2837 (resources of the pod).
 */
import type { Container, ContainerStatus, Pod } from '../schema/wire.ts';
import { type Amounts, addAmounts, amountsOf, type ResourceList, raiseAmounts } from './amounts.ts';

type Field = 'requests' | 'limits';

/** The sum of requests, at least those of the largest init container, plus overhead. */
export function podRequests(pod: Pod): Amounts {
  const sums = totals(pod, 'requests');
  addAmounts(sums, amountsOf(pod.spec?.overhead));
  return sums;
}

/** As `podRequests` for limits; overhead comes on top only where there is a limit. */
export function podLimits(pod: Pod): Amounts {
  const sums = totals(pod, 'limits');
  for (const [name, q] of amountsOf(pod.spec?.overhead)) {
    const limit = sums.get(name);
    if (limit !== undefined && !limit.isZero()) sums.set(name, limit.add(q));
  }
  return sums;
}

/** Resources that may be set for a pod as a whole. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function totals(pod: Pod, field: Field): Amounts {
  const statuses = new Map<string, ContainerStatus>();
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  for (const status of [...containerStatuses, ...initContainerStatuses]) {
    statuses.set(status.name, status);
  }
  const sums: Amounts = new Map();
  for (const container of pod.spec?.containers ?? []) {
    addAmounts(sums, effective(pod, container, statuses.get(container.name), field));
  }
  // Init containers run one by one, beside the sidecars started before them.
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      const own = effective(pod, container, statuses.get(container.name), field);
      addAmounts(sums, own);
      addAmounts(sidecars, own);
      raiseAmounts(peak, sidecars);
    } else {
      const now = amountsOf(container.resources?.[field]);
      addAmounts(now, sidecars);
      raiseAmounts(peak, now);
    }
  }
  raiseAmounts(sums, peak);
  for (const [name, q] of amountsOf(pod.spec?.resources?.[field])) {
    if (isPodLevelResource(name)) sums.set(name, q);
  }
  return sums;
}

/** Of a running container: the most of what is wanted, allocated and in force. */
function effective(
  pod: Pod,
  container: Container,
  status: ContainerStatus | undefined,
  field: Field,
): Amounts {
  const wanted = container.resources?.[field];
  if (status?.resources === undefined) return amountsOf(wanted);
  const lists: (ResourceList | undefined)[] = [status.resources[field]];
  if (field === 'requests') lists.push(status.allocatedResources);
  if (!isResizeInfeasible(pod)) lists.push(wanted);
  const most: Amounts = new Map();
  for (const list of lists) raiseAmounts(most, amountsOf(list));
  return most;
}

function isResizeInfeasible(pod: Pod): boolean {
  const pending = pod.status?.conditions?.find((c) => c.type === 'PodResizePending');
  return pending?.reason === 'Infeasible';
}
