/** The subsets of an Endpoints object, packed: addresses that offer the same ports stand together. */
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Pod,
  Service,
} from '../../machinery/schema/wire.ts';
import { isPodReady } from '../pods/pod-state.ts';
import { canonicalJson } from '../pods/template-hash.ts';
import {
  addressesOf,
  familyOf,
  hostnameFor,
  isEndpoint,
  isHeadless,
  targetPort,
} from './pod-endpoints.ts';

/** More addresses than this are cut off, and an annotation says so. */
export const capacity = 1000;

interface Entry {
  readonly address: EndpointAddress;
  /** Ports by their text, with whether the address is ready there. */
  readonly ports: Map<string, { port: EndpointPort; ready: boolean }>;
}

/** The subsets for a service's pods, in a fixed order. */
export function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const tolerant = service.spec?.publishNotReadyAddresses === true;
  const entries = new Map<string, Entry>();
  for (const pod of pods) {
    if (!isEndpoint(pod, tolerant)) continue;
    const address = addressOf(service, pod);
    if (address === undefined) continue;
    const ports = portsOf(service, pod);
    if (ports === undefined) continue;
    const id = `${address.ip}|${address.targetRef?.uid}`;
    const entry = entries.get(id) ?? { address, ports: new Map() };
    const ready = tolerant || isPodReady(pod);
    for (const port of ports) entry.ports.set(canonicalJson(port), { port, ready });
    if (ports.length > 0 || isHeadless(service)) entries.set(id, entry);
    if (ports.length === 0) entry.ports.set('', { port: { port: 0 }, ready });
  }
  return pack([...entries.values()]);
}

/** Subsets as others wrote them, packed: once not ready for a port is not ready for it. */
export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const entries = new Map<string, Entry>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const offered: EndpointPort[] = ports.length === 0 ? [{ port: 0 }] : ports;
    const take = (address: EndpointAddress, ready: boolean): void => {
      const id = `${address.ip}|${address.targetRef?.uid}`;
      const entry = entries.get(id) ?? { address, ports: new Map() };
      entries.set(id, entry);
      for (const port of offered) {
        const text = ports.length === 0 ? '' : canonicalJson(port);
        const known = entry.ports.get(text)?.ready ?? true;
        entry.ports.set(text, { port, ready: known && ready });
      }
    };
    for (const address of addresses) take(address, true);
    for (const address of notReadyAddresses) take(address, false);
  }
  return pack([...entries.values()]);
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const { ipFamilies = [], clusterIP = '' } = service.spec ?? {};
  const reference = clusterIP !== '' && clusterIP !== 'None' ? clusterIP : pod.status?.podIP;
  const family = (ipFamilies[0] ?? familyOf(reference ?? '')) === 'IPv6' ? 'IPv6' : 'IPv4';
  const [ip] = addressesOf(pod, family);
  if (ip === undefined) return undefined;
  const hostname = hostnameFor(pod, service);
  const { namespace, name, uid } = pod.metadata ?? {};
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

/** Undefined: nothing of the pod is behind the service; empty: all of it, without ports. */
function portsOf(service: Service, pod: Pod): EndpointPort[] | undefined {
  const wanted = service.spec?.ports ?? [];
  if (wanted.length === 0) return service.spec?.clusterIP === 'None' ? [] : undefined;
  const ports: EndpointPort[] = [];
  for (const p of wanted) {
    const port = targetPort(pod, p);
    if (port === undefined) continue;
    ports.push({
      ...(p.name === undefined || p.name === '' ? {} : { name: p.name }),
      port,
      protocol: p.protocol ?? 'TCP',
      ...(p.appProtocol === undefined ? {} : { appProtocol: p.appProtocol }),
    });
  }
  return ports.length === 0 ? undefined : ports;
}

function pack(entries: readonly Entry[]): EndpointSubset[] {
  // Ports that the same addresses offer, then the addresses of each such group.
  const byPort = new Map<string, { port: EndpointPort; offers: Map<Entry, boolean> }>();
  for (const entry of entries.toSorted(byAddress)) {
    for (const [id, { port, ready }] of entry.ports) {
      const group = byPort.get(id) ?? { port, offers: new Map<Entry, boolean>() };
      group.offers.set(entry, ready);
      byPort.set(id, group);
    }
  }
  const subsets = new Map<string, { offers: Map<Entry, boolean>; ports: EndpointPort[] }>();
  for (const [id, { port, offers }] of byPort) {
    const members = [...offers].map(
      ([e, ready]) => `${e.address.ip}|${e.address.targetRef?.uid}|${ready}`,
    );
    const key = `${id === '' ? 'bare' : ''}${members.join()}`;
    const subset = subsets.get(key) ?? { offers, ports: [] };
    if (id !== '') subset.ports.push(port);
    subsets.set(key, subset);
  }
  return [...subsets.values()]
    .map(toSubset)
    .sort((a, b) => compareText(subsetText(a), subsetText(b)));
}

function toSubset(group: { offers: Map<Entry, boolean>; ports: EndpointPort[] }): EndpointSubset {
  const addresses = [...group.offers].filter(([, ready]) => ready).map(([e]) => e.address);
  const notReady = [...group.offers].filter(([, ready]) => !ready).map(([e]) => e.address);
  const ports = group.ports.sort((a, b) => compareText(canonicalJson(a), canonicalJson(b)));
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function byAddress(a: Entry, b: Entry): number {
  return (
    compareText(a.address.ip, b.address.ip) ||
    compareText(a.address.targetRef?.uid ?? '', b.address.targetRef?.uid ?? '')
  );
}

function subsetText(subset: EndpointSubset): string {
  return canonicalJson([subset.ports ?? [], subset.addresses ?? []]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The subsets cut to capacity: a fair share of each, ready addresses before others. */
export function truncate(subsets: readonly EndpointSubset[]): {
  subsets: readonly EndpointSubset[];
  truncated: boolean;
} {
  const count = (field: 'addresses' | 'notReadyAddresses'): number =>
    subsets.reduce((sum, s) => sum + (s[field]?.length ?? 0), 0);
  const ready = count('addresses');
  const notReady = count('notReadyAddresses');
  if (ready + notReady <= capacity) return { subsets, truncated: false };
  const cutReady = ready > capacity;
  const field = cutReady ? 'addresses' : 'notReadyAddresses';
  const room = cutReady ? capacity : capacity - ready;
  const all = cutReady ? ready : notReady;
  let left = room;
  const cut = subsets.map((subset) => {
    const list = subset[field] ?? [];
    const share = Math.min(left, Math.ceil((list.length / all) * room));
    const kept = list.slice(0, share);
    left -= kept.length;
    const { notReadyAddresses: _, ...rest } = subset;
    const base = cutReady ? rest : subset;
    return { ...base, [field]: kept };
  });
  return { subsets: cut, truncated: true };
}
