/** From pods to the services that select them, without looking at all services each time. */
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/store.ts';
import type { Pod, Service } from '../../machinery/schema/wire.ts';
import { isPodReady } from '../pods/pod-state.ts';

const index = 'selector';

/** Services by the first pair of their selector; those that select all by their namespace. */
export function indexServices(services: Informer<Service>): void {
  services.addIndex(index, (service) => {
    const { selector } = service.spec ?? {};
    if (selector === undefined) return [];
    const [first] = Object.entries(selector);
    return [indexKey(service.metadata?.namespace, first)];
  });
}

function indexKey(
  namespace: string | undefined,
  pair: readonly [string, string] | undefined,
): string {
  return pair === undefined ? `${namespace}` : `${namespace}/${pair[0]}=${pair[1]}`;
}

type Labels = Readonly<Record<string, string>>;

/** Keys of the services that select these labels. */
function selecting(
  services: Informer<Service>,
  namespace: string | undefined,
  labels: Labels,
): Set<string> {
  const found = new Set<string>();
  for (const pair of [undefined, ...Object.entries(labels)]) {
    for (const service of services.store.byIndex(index, indexKey(namespace, pair))) {
      if (selects(service, labels)) found.add(keyOf(service));
    }
  }
  return found;
}

/** True when all pairs of the service's selector are among the labels. */
export function selects(service: Service, labels: Labels): boolean {
  const { selector } = service.spec ?? {};
  if (selector === undefined) return false;
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** Keys of the services whose endpoints a change of a pod may change. */
export function servicesToUpdate(
  services: Informer<Service>,
  old: Pod | undefined,
  pod: Pod | undefined,
): Set<string> {
  const either = (pod ?? old)!;
  const { namespace } = either.metadata ?? {};
  const labelsOf = (p: Pod): Labels => p.metadata?.labels ?? {};
  if (old === undefined || pod === undefined) {
    return selecting(services, namespace, labelsOf(either));
  }
  const changed = isChanged(old, pod);
  const relabelled = isRelabelled(old, pod);
  if (!relabelled) {
    return changed ? selecting(services, namespace, labelsOf(pod)) : new Set();
  }
  const before = selecting(services, namespace, labelsOf(old));
  const now = selecting(services, namespace, labelsOf(pod));
  return changed ? before.union(now) : before.symmetricDifference(now);
}

function isRelabelled(old: Pod, pod: Pod): boolean {
  return (
    JSON.stringify(old.metadata?.labels) !== JSON.stringify(pod.metadata?.labels) ||
    old.spec?.hostname !== pod.spec?.hostname ||
    old.spec?.subdomain !== pod.spec?.subdomain
  );
}

function isChanged(old: Pod, pod: Pod): boolean {
  const ips = (p: Pod): string => (p.status?.podIPs ?? []).map((entry) => entry.ip).join();
  return (
    old.metadata?.deletionTimestamp !== pod.metadata?.deletionTimestamp ||
    old.status?.phase !== pod.status?.phase ||
    isPodReady(old) !== isPodReady(pod) ||
    ips(old) !== ips(pod)
  );
}
