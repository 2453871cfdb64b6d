/** What the rules need of EndpointSlices, joined per service port. */
import type { EndpointSlice, Endpoint as WireEndpoint } from '../machinery/schema/wire.ts';
import { type Family, serviceKey } from './service-ports.ts';

/** One address and port behind a service. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  /** Takes traffic. */
  readonly ready: boolean;
  /** Would take traffic, but for that it is going away. */
  readonly serving: boolean;
  readonly terminating: boolean;
  /** On this node. */
  readonly local: boolean;
  /** Nodes and zones that should use it; empty: no hint. */
  readonly nodeHints: readonly string[];
  readonly zoneHints: readonly string[];
}

const serviceNameLabel = 'kubernetes.io/service-name';
const headlessLabel = 'service.kubernetes.io/headless';
const otherProxyLabel = 'service.kubernetes.io/service-proxy-name';

/** `namespace/name` of the service a slice belongs to; undefined when it is not ours. */
export function serviceKeyOf(slice: EndpointSlice): string | undefined {
  const labels = slice.metadata?.labels ?? {};
  if (labels[headlessLabel] !== undefined || labels[otherProxyLabel] !== undefined) {
    return undefined;
  }
  const name = labels[serviceNameLabel];
  return name ? serviceKey(slice.metadata?.namespace ?? '', name) : undefined;
}

/** The key of a port of a service: name and protocol. */
export function portKey(name: string, protocol: string): string {
  return `${name}/${protocol.toLowerCase()}`;
}

/**
 * The endpoints of one service in one family, by `portKey`; sorted by address. An address listed
 * in several slices counts once, as the last of them says.
 */
export function endpointsOf(
  slices: Iterable<EndpointSlice>,
  family: Family,
  nodeName: string,
): ReadonlyMap<string, readonly Endpoint[]> {
  const found = new Map<string, Map<string, Endpoint>>();
  for (const slice of slices) {
    if (slice.addressType !== family) continue;
    for (const port of slice.ports ?? []) {
      if (!port.port) continue;
      const key = portKey(port.name ?? '', port.protocol ?? 'TCP');
      let endpoints = found.get(key);
      if (endpoints === undefined) {
        endpoints = new Map();
        found.set(key, endpoints);
      }
      for (const endpoint of slice.endpoints ?? []) {
        const made = endpointOf(endpoint, port.port, nodeName);
        if (made !== undefined) endpoints.set(`${made.ip}/${made.port}`, made);
      }
    }
  }
  return new Map(
    [...found].map(([key, endpoints]) => [
      key,
      [...endpoints.values()].sort((a, b) => compare(a.ip, b.ip) || a.port - b.port),
    ]),
  );
}

function endpointOf(from: WireEndpoint, port: number, nodeName: string): Endpoint | undefined {
  // All addresses of an endpoint are the same pod; the first one counts.
  const ip = from.addresses?.[0];
  if (ip === undefined) return undefined;
  const conditions = from.conditions ?? {};
  const ready = conditions.ready ?? true;
  return {
    ip,
    port,
    ready,
    serving: conditions.serving ?? ready,
    terminating: conditions.terminating ?? false,
    local: nodeName !== '' && from.nodeName === nodeName,
    nodeHints: (from.hints?.forNodes ?? []).map((hint) => hint.name),
    zoneHints: (from.hints?.forZones ?? []).map((hint) => hint.name),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
