/** v1 Endpoints. */
import type { Endpoints } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { endpointsWarnings, validateSubsets } from './endpoints-validation.ts';

export const endpoints = defineResource<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  storagePrefix: '/registry/services/endpoints',
  createOnUpdate: true,
  validate: (next) => validateSubsets(next),
  validateUpdate: validateSubsets,
  warnings: endpointsWarnings,
  columns: [
    nameColumn(),
    {
      name: 'Endpoints',
      description: '@core/v1.Endpoints.subsets',
      cell: endpointsText,
    },
    ageColumn(),
  ],
});

const shownEndpoints = 3;

/** The first addresses (with each port) and how many more there are; `<none>` without subsets. */
export function endpointsText(endpoints: Endpoints): string {
  if ((endpoints.subsets ?? []).length === 0) return '<none>';
  const all = (endpoints.subsets ?? []).flatMap((subset) => {
    const ips = (subset.addresses ?? []).map((a) => a.ip);
    if ((subset.ports ?? []).length === 0) return ips;
    return subset.ports!.flatMap((port) => ips.map((ip) => hostPort(ip, port.port)));
  });
  const shown = all.slice(0, shownEndpoints).join(',');
  const more = all.length - shownEndpoints;
  return more > 0 ? `${shown} + ${more} more...` : shown;
}

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
