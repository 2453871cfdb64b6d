/**
 * Hints for `trafficDistribution` (KEP-4444, KEP-3015): an endpoint is for its own zone, or for
 * its own node. Topology mode `Auto` gets none: it is to be replaced by trafficDistribution.
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { Endpoint, EndpointSlice, Service } from '../../machinery/schema/wire.ts';
import type { SliceChanges } from './slice-writer.ts';

/** The changes with hints in place; slices that were untouched join them where hints are wrong. */
export function reconcileHints(
  service: Service,
  changes: SliceChanges,
  untouched: readonly EndpointSlice[],
): SliceChanges {
  const hinted = (slice: EndpointSlice): EndpointSlice => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map((e) => withHints(service, e)),
  });
  const stale = untouched.filter((slice) =>
    (slice.endpoints ?? []).some((e) => !deepEqual(e.hints, hintsFor(service, e))),
  );
  return {
    create: changes.create.map(hinted),
    update: [...changes.update, ...stale].map(hinted),
    remove: changes.remove,
  };
}

function withHints(service: Service, endpoint: Endpoint): Endpoint {
  const { hints: _, ...rest } = endpoint;
  const hints = hintsFor(service, endpoint);
  return hints === undefined ? rest : { ...rest, hints };
}

function hintsFor(service: Service, endpoint: Endpoint): Endpoint['hints'] {
  const policy = service.spec?.trafficDistribution ?? '';
  const toNode = policy === 'PreferSameNode';
  if (!toNode && policy !== 'PreferClose' && policy !== 'PreferSameZone') return undefined;
  // Who is not ready keeps what it has: it gets no traffic anyway.
  if (endpoint.conditions?.ready !== true) return endpoint.hints;
  const { zone, nodeName } = endpoint;
  if (zone === undefined && !(toNode && nodeName !== undefined)) return undefined;
  return {
    ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
    ...(toNode && nodeName !== undefined ? { forNodes: [{ name: nodeName }] } : {}),
  };
}
