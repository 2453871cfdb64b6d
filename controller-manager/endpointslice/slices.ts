/**
 * Which slices a service needs and how they come about with few writes: endpoints stay where they
 * are, new ones fill slices that change anyway, then one that has room, then new slices.
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { newControllerRef } from '../../machinery/meta/owner.ts';
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../machinery/schema/wire.ts';
import {
  type AddressFamily,
  addressesOf,
  familyOf,
  hostnameFor,
  isEndpoint,
  isHeadless,
  targetPort,
} from '../endpoints/pod-endpoints.ts';
import { podPrefix } from '../pods/pod-control.ts';
import { isPodReady } from '../pods/pod-state.ts';
import { canonicalJson } from '../pods/template-hash.ts';
import { reconcileHints } from './hints.ts';
import type { SliceChanges } from './slice-writer.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const controllerName = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';
const zoneLabel = 'topology.kubernetes.io/zone';

export type SlicePorts = NonNullable<EndpointSlice['ports']>;

export interface SliceInput {
  readonly service: Service;
  /** Those that the service selects. */
  readonly pods: readonly Pod[];
  /** Those of this controller for the service; none that is being deleted. */
  readonly slices: readonly EndpointSlice[];
  readonly nodeOf: (name: string) => Node | undefined;
  readonly maxEndpoints: number;
}

export interface SlicePlan extends SliceChanges {
  /** Pods left out because their node is not known (yet). */
  readonly skipped: readonly string[];
}

/** What to change so that the slices show the pods. */
export function planSlices(input: SliceInput): SlicePlan {
  const { service, slices } = input;
  const families = familiesOf(service);
  const plan = { create: [], update: [], remove: [], skipped: [] } as {
    create: EndpointSlice[];
    update: EndpointSlice[];
    remove: EndpointSlice[];
    skipped: string[];
  };
  plan.remove.push(...slices.filter((s) => !families.some((f) => f === s.addressType)));
  for (const family of families) {
    const present = slices.filter((s) => s.addressType === family);
    const { changes, skipped } = planFamily(input, family, present);
    plan.create.push(...changes.create);
    plan.update.push(...changes.update);
    plan.remove.push(...changes.remove);
    plan.skipped.push(...skipped);
  }
  return reuseRemoved(service, plan);
}

function familiesOf(service: Service): AddressFamily[] {
  const { ipFamilies = [], clusterIP = '' } = service.spec ?? {};
  if (ipFamilies.length > 0) return ipFamilies.filter((f) => f === 'IPv4' || f === 'IPv6');
  return isHeadless(service) ? ['IPv4', 'IPv6'] : [familyOf(clusterIP)];
}

function planFamily(
  input: SliceInput,
  family: AddressFamily,
  present: readonly EndpointSlice[],
): { changes: SliceChanges; skipped: string[] } {
  const { service } = input;
  const owned = present.filter((s) => isOwnedBy(s, service));
  const changes: SliceChanges = {
    create: [],
    update: [],
    remove: present.filter((s) => !owned.includes(s)),
  };
  const { groups, skipped } = wantedEndpoints(input, family);
  const byPorts = Map.groupBy(owned, (s) => portsText(s.ports ?? []));
  for (const [ports, group] of groups) {
    const draft = newSlice(service, family, group.ports);
    const part = placeEndpoints(byPorts.get(ports) ?? [], group.endpoints, draft, input);
    changes.create.push(...part.create);
    changes.update.push(...part.update);
    changes.remove.push(...part.remove);
  }
  for (const [ports, unwanted] of byPorts) {
    if (!groups.has(ports)) changes.remove.push(...unwanted);
  }
  addPlaceholder(service, family, present, changes);
  const touched = new Set([...changes.update, ...changes.remove].map((s) => s.metadata?.name));
  const untouched = present.filter((s) => !touched.has(s.metadata?.name));
  return { changes: reconcileHints(service, changes, untouched), skipped };
}

/** A service without endpoints has one empty slice, which says so. */
function addPlaceholder(
  service: Service,
  family: AddressFamily,
  present: readonly EndpointSlice[],
  changes: SliceChanges,
): void {
  if (present.length !== changes.remove.length || changes.create.length > 0) return;
  const empty = newSlice(service, family, []);
  const [only] = changes.remove;
  const same =
    changes.remove.length === 1 &&
    only !== undefined &&
    (only.endpoints ?? []).length === 0 &&
    (only.ports ?? []).length === 0 &&
    isOwnedBy(only, service) &&
    deepEqual(only.metadata?.labels, empty.metadata?.labels);
  if (same) changes.remove.length = 0;
  else changes.create.push(empty);
}

interface Group {
  readonly ports: SlicePorts;
  readonly endpoints: Map<string, Endpoint>;
}

/** The endpoints there should be, by the text of their ports. */
function wantedEndpoints(
  input: SliceInput,
  family: AddressFamily,
): { groups: Map<string, Group>; skipped: string[] } {
  const { service, nodeOf } = input;
  const groups = new Map<string, Group>();
  const skipped: string[] = [];
  for (const pod of input.pods) {
    if (!isEndpoint(pod, true)) continue;
    const ports = portsOf(service, pod);
    const text = portsText(ports);
    const group = groups.get(text) ?? { ports, endpoints: new Map() };
    groups.set(text, group);
    const node = nodeOf(pod.spec?.nodeName ?? '');
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      skipped.push(pod.metadata?.name ?? '');
      continue;
    }
    const endpoint = endpointOf(pod, node, service, family);
    if (endpoint.addresses.length > 0) group.endpoints.set(endpointId(endpoint), endpoint);
  }
  return { groups, skipped };
}

function portsOf(service: Service, pod: Pod): SlicePorts {
  const ports: SlicePorts = [];
  for (const p of service.spec?.ports ?? []) {
    const port = targetPort(pod, p);
    if (port === undefined) continue;
    ports.push({
      name: p.name ?? '',
      port,
      protocol: p.protocol ?? 'TCP',
      ...(p.appProtocol === undefined ? {} : { appProtocol: p.appProtocol }),
    });
  }
  return ports;
}

/** The same for the same ports, in whatever order. */
export function portsText(ports: SlicePorts): string {
  return ports
    .map((p) => canonicalJson([p.name ?? '', p.protocol ?? 'TCP', p.port, p.appProtocol]))
    .sort()
    .join();
}

function endpointOf(
  pod: Pod,
  node: Node | undefined,
  service: Service,
  family: AddressFamily,
): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  // Kept for old readers: a terminating pod is never ready, unless all addresses are published.
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata ?? {};
  const { nodeName = '' } = pod.spec ?? {};
  const zone = node?.metadata?.labels?.[zoneLabel] ?? '';
  const hostname = hostnameFor(pod, service);
  return {
    addresses: addressesOf(pod, family),
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(nodeName === '' ? {} : { nodeName }),
    ...(zone === '' ? {} : { zone }),
  };
}

/** What makes an endpoint the same one, whatever else changes. */
export function endpointId(e: Endpoint): string {
  const { namespace, name } = e.targetRef ?? {};
  return [e.addresses.toSorted().join(), e.hostname ?? '', namespace, name].join('|');
}

/** Nothing to write between the two; hints and versions do not count. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  const { hints: _a, targetRef: refA, ...restA } = a;
  const { hints: _b, targetRef: refB, ...restB } = b;
  const { resourceVersion: _ra, ...targetA } = refA ?? {};
  const { resourceVersion: _rb, ...targetB } = refB ?? {};
  return deepEqual(restA, restB) && deepEqual(targetA, targetB);
}

function placeEndpoints(
  present: readonly EndpointSlice[],
  wanted: ReadonlyMap<string, Endpoint>,
  draft: EndpointSlice,
  { service, maxEndpoints }: SliceInput,
): SliceChanges {
  const left = new Map(wanted);
  const remove: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const unchanged: EndpointSlice[] = [];
  for (const slice of present) {
    const labels = sliceLabels(service);
    const old = slice.endpoints ?? [];
    let changed = !sameServiceLabels(slice.metadata?.labels, labels);
    const kept: Endpoint[] = [];
    for (const endpoint of old) {
      const id = endpointId(endpoint);
      const now = left.get(id);
      if (now === undefined) continue;
      left.delete(id);
      const same = sameEndpoint(now, endpoint);
      changed ||= !same;
      kept.push(same ? endpoint : now);
    }
    if (kept.length === 0 && (changed || old.length > 0)) remove.push(slice);
    else if (changed || kept.length !== old.length) {
      update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints: kept });
    } else unchanged.push(slice);
  }
  const rest = [...left.values()];
  const fill = (slice: EndpointSlice): EndpointSlice => {
    const room = maxEndpoints - (slice.endpoints ?? []).length;
    return { ...slice, endpoints: [...(slice.endpoints ?? []), ...rest.splice(0, room)] };
  };
  update.sort(fullestFirst);
  for (const [i, slice] of update.entries()) if (rest.length > 0) update[i] = fill(slice);
  const create: EndpointSlice[] = [];
  while (rest.length > 0) {
    const roomy = fullestWithRoom(unchanged, rest.length, maxEndpoints);
    if (roomy === undefined) create.push(fill(draft));
    else {
      unchanged.splice(unchanged.indexOf(roomy), 1);
      update.push(fill(roomy));
    }
  }
  return { create, update, remove };
}

/** The slice that comes closest to full when so many are added. */
function fullestWithRoom(
  slices: readonly EndpointSlice[],
  count: number,
  max: number,
): EndpointSlice | undefined {
  const roomy = slices.filter((s) => (s.endpoints ?? []).length + count <= max);
  return roomy.toSorted(fullestFirst)[0];
}

function fullestFirst(a: EndpointSlice, b: EndpointSlice): number {
  return (b.endpoints ?? []).length - (a.endpoints ?? []).length;
}

/** Where slices go and others come, the old ones are written over: fewer events for everybody. */
function reuseRemoved(service: Service, plan: SlicePlan): SlicePlan {
  const create = [...plan.create];
  const update = [...plan.update];
  const remove = plan.remove.filter((old) => {
    const at = create.findIndex((s) => s.addressType === old.addressType);
    if (at < 0 || !isOwnedBy(old, service)) return true;
    const [next] = create.splice(at, 1);
    const { generateName: _, ...metadata } = next!.metadata ?? {};
    update.push({ ...next!, metadata: { ...old.metadata, ...metadata } });
    return false;
  });
  return { create, update, remove, skipped: plan.skipped };
}

function newSlice(service: Service, family: AddressFamily, ports: SlicePorts): EndpointSlice {
  const { namespace, name = '' } = service.metadata ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: podPrefix(name),
      ...(namespace === undefined ? {} : { namespace }),
      labels: sliceLabels(service),
      ownerReferences: [newControllerRef(service, 'v1', 'Service')],
    },
    addressType: family,
    endpoints: [],
    ports,
  };
}

const reserved = [serviceNameLabel, managedByLabel, headlessLabel];

function sliceLabels(service: Service): Record<string, string> {
  return {
    ...withoutReserved(service.metadata?.labels),
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata?.name ?? '',
    [managedByLabel]: controllerName,
  };
}

type Labels = Readonly<Record<string, string>>;

/** Changes of the reserved labels alone are no reason to write. */
function sameServiceLabels(a: Labels | undefined, b: Labels): boolean {
  return deepEqual(withoutReserved(a), withoutReserved(b));
}

function withoutReserved(labels: Labels | undefined): Labels {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([k]) => !reserved.includes(k)));
}

function isOwnedBy(slice: EndpointSlice, service: Service): boolean {
  return (slice.metadata?.ownerReferences ?? []).some(
    (o) => o.uid === service.metadata?.uid && o.kind === 'Service' && o.apiVersion === 'v1',
  );
}
