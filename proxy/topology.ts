/**
 * Which endpoints of a service are used from this node: ready ones, near ones when all endpoints
 * carry hints, and ones that are going away only when there are no others (KEP-1669, KEP-3015).
 */
import type { Endpoint } from './endpoints.ts';
import { type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from './service-ports.ts';

/** Where this node is. */
export interface Place {
  readonly nodeName: string;
  /** '' when the node has no zone. */
  readonly zone: string;
}

export interface UsableEndpoints {
  /** For traffic policy Cluster. */
  readonly cluster: readonly Endpoint[];
  /** For traffic policy Local. */
  readonly local: readonly Endpoint[];
  /** All of both, each once. */
  readonly reachable: readonly Endpoint[];
  /** True when there are usable ones anywhere in the cluster. */
  readonly any: boolean;
}

type Mode = 'everywhere' | 'same node' | 'same zone';

const isLeaving = (e: Endpoint) => !e.ready && e.serving && e.terminating;

/** Picks the endpoints that a service port uses from this place. */
export function usableEndpoints(
  endpoints: readonly Endpoint[],
  port: ServicePort,
  place: Place,
): UsableEndpoints {
  let cluster: readonly Endpoint[] = [];
  let any = false;
  if (usesClusterEndpoints(port)) {
    const mode = modeFor(endpoints, place);
    cluster = endpoints.filter((e) => e.ready && isNear(e, mode, place));
    if (cluster.length === 0) cluster = endpoints.filter((e) => e.serving && e.terminating);
    any = cluster.length > 0;
  }
  if (!usesLocalEndpoints(port)) return { cluster, local: [], reachable: cluster, any };
  any ||= endpoints.some((e) => e.ready || isLeaving(e));
  let local = endpoints.filter((e) => e.local && e.ready);
  if (local.length === 0) local = endpoints.filter((e) => e.local && isLeaving(e));
  const reachable = [...new Set([...cluster, ...local])];
  return { cluster, local, reachable, any };
}

/** Hints count only when every ready endpoint has one and some are for us. */
function modeFor(endpoints: readonly Endpoint[], { nodeName, zone }: Place): Mode {
  const ready = endpoints.filter((e) => e.ready);
  if (ready.length === 0) return 'everywhere';
  if (ready.every((e) => e.nodeHints.length > 0)) {
    if (ready.some((e) => e.nodeHints.includes(nodeName))) return 'same node';
  }
  if (ready.every((e) => e.zoneHints.length > 0)) {
    if (ready.some((e) => e.zoneHints.includes(zone))) return 'same zone';
  }
  return 'everywhere';
}

function isNear(endpoint: Endpoint, mode: Mode, place: Place): boolean {
  if (mode === 'same node') return endpoint.nodeHints.includes(place.nodeName);
  if (mode === 'same zone') return endpoint.zoneHints.includes(place.zone);
  return true;
}
