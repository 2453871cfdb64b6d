/** Which slices show an Endpoints object that somebody else keeps: one per set of ports. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { formatIp, isIpv4, parseIp } from '../../machinery/meta/ip.ts';
import { newControllerRef } from '../../machinery/meta/owner.ts';
import type {
  Endpoint,
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  Endpoints,
} from '../../machinery/schema/wire.ts';
import { repackSubsets } from '../endpoints/subsets.ts';
import type { SliceChanges } from '../endpointslice/slice-writer.ts';
import {
  endpointId,
  managedByLabel,
  portsText,
  type SlicePorts,
  sameEndpoint,
  serviceNameLabel,
} from '../endpointslice/slices.ts';
import { podPrefix } from '../pods/pod-control.ts';

export const mirrorName = 'endpointslicemirroring-controller.k8s.io';

/** Not for the slices: too often changed, or about the other object. */
const unmirrored = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
];

export interface MirrorPlan extends SliceChanges {
  /** Addresses that are none. */
  readonly invalid: number;
  /** Addresses left out: invalid ones and those above the maximum. */
  readonly skipped: number;
}

interface Group {
  readonly family: 'IPv4' | 'IPv6';
  readonly ports: SlicePorts;
  readonly endpoints: Map<string, Endpoint>;
}

/** What to change so that the slices show the endpoints. */
export function planMirror(
  endpoints: Endpoints,
  slices: readonly EndpointSlice[],
  maxPerSubset: number,
): MirrorPlan {
  const { groups, invalid, skipped } = wantedGroups(endpoints, maxPerSubset);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  const present = Map.groupBy(slices, (s) => groupText(s.addressType, s.ports ?? []));
  for (const [text, group] of groups) {
    const [first, ...others] = present.get(text) ?? [];
    remove.push(...others);
    if (first === undefined) create.push(newSlice(endpoints, group));
    else if (!shows(first, endpoints, group)) update.push(newSlice(endpoints, group, first));
  }
  for (const [text, unwanted] of present) if (!groups.has(text)) remove.push(...unwanted);
  return { ...reuseRemoved(create, update, remove), invalid, skipped };
}

function wantedGroups(
  endpoints: Endpoints,
  maxPerSubset: number,
): { groups: Map<string, Group>; invalid: number; skipped: number } {
  const groups = new Map<string, Group>();
  let invalid = 0;
  let skipped = 0;
  for (const subset of repackSubsets(endpoints.subsets ?? [])) {
    const { addresses = [], notReadyAddresses = [] } = subset;
    const ports = portsOf(subset.ports ?? []);
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    let added = 0;
    for (const { address, ready } of all) {
      if (added >= maxPerSubset) break;
      const made = endpointOf(address, ready);
      if (made === undefined) {
        invalid++;
        continue;
      }
      const { family, endpoint } = made;
      const text = groupText(family, ports);
      const group = groups.get(text) ?? { family, ports, endpoints: new Map() };
      groups.set(text, group);
      group.endpoints.set(endpointId(endpoint), endpoint);
      added++;
    }
    skipped += all.length - added;
  }
  return { groups, invalid, skipped };
}

function endpointOf(
  address: EndpointAddress,
  ready: boolean,
): { family: 'IPv4' | 'IPv6'; endpoint: Endpoint } | undefined {
  const ip = parseIp(address.ip);
  if (ip === undefined) return undefined;
  const { targetRef, nodeName, hostname = '' } = address;
  const endpoint = {
    addresses: [formatIp(ip)],
    conditions: { ready },
    ...(hostname === '' ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
  return { family: isIpv4(ip) ? 'IPv4' : 'IPv6', endpoint };
}

function portsOf(ports: readonly EndpointPort[]): SlicePorts {
  return ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

function groupText(family: string, ports: SlicePorts): string {
  return `${family} ${portsText(ports)}`;
}

function shows(slice: EndpointSlice, endpoints: Endpoints, group: Group): boolean {
  const present = slice.endpoints ?? [];
  if (present.length !== group.endpoints.size) return false;
  for (const endpoint of present) {
    const wanted = group.endpoints.get(endpointId(endpoint));
    if (wanted === undefined || !sameEndpoint(wanted, endpoint)) return false;
  }
  const { labels, annotations = {}, ownerReferences = [] } = slice.metadata ?? {};
  // An Endpoints object made anew under its old name owns its slices too.
  const foreign = ownerReferences.some(
    (o) =>
      o.kind === 'Endpoints' &&
      o.name === endpoints.metadata?.name &&
      o.uid !== endpoints.metadata?.uid,
  );
  return (
    !foreign &&
    deepEqual(labels, labelsFor(endpoints)) &&
    deepEqual(annotations, annotationsFor(endpoints))
  );
}

function newSlice(endpoints: Endpoints, group: Group, old?: EndpointSlice): EndpointSlice {
  const { namespace, name = '' } = endpoints.metadata ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...(old === undefined ? { generateName: podPrefix(name) } : old.metadata),
      ...(namespace === undefined ? {} : { namespace }),
      labels: labelsFor(endpoints),
      annotations: annotationsFor(endpoints),
      ownerReferences: [newControllerRef(endpoints, 'v1', 'Endpoints')],
    },
    addressType: group.family,
    endpoints: [...group.endpoints.values()],
    ports: group.ports,
  };
}

function labelsFor(endpoints: Endpoints): Record<string, string> {
  return {
    ...endpoints.metadata?.labels,
    [serviceNameLabel]: endpoints.metadata?.name ?? '',
    [managedByLabel]: mirrorName,
  };
}

function annotationsFor(endpoints: Endpoints): Record<string, string> {
  const all = Object.entries(endpoints.metadata?.annotations ?? {});
  return Object.fromEntries(all.filter(([key]) => !unmirrored.includes(key)));
}

/** Slices that go are written over with those that come. */
function reuseRemoved(
  create: readonly EndpointSlice[],
  update: EndpointSlice[],
  remove: readonly EndpointSlice[],
): SliceChanges {
  const left = [...remove];
  const stillCreate = create.filter((next) => {
    const at = left.findIndex((old) => old.addressType === next.addressType);
    if (at < 0) return true;
    const [old] = left.splice(at, 1);
    const { generateName: _, ...metadata } = next.metadata ?? {};
    update.push({ ...next, metadata: { ...old!.metadata, ...metadata } });
    return false;
  });
  return { create: stillCreate, update, remove: left };
}
