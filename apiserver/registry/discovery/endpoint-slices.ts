/** discovery.k8s.io/v1 EndpointSlice. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { ipWarnings } from '../../../machinery/meta/ip.ts';
import { isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import type { EndpointSlice } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, firstFew } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateEndpointSlice } from './endpoint-slice-validation.ts';

/** How many ports and addresses a table shows. */
const shown = 3;
const hostnameLabel = 'kubernetes.io/hostname';

export const endpointSlices = defineResource<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  metadataChecks: ['whole'],
  generationOf: ({ metadata, ...rest }) => ({ ...rest, metadata: { labels: metadata?.labels } }),
  countsDroppedFields: true,
  prepareForCreate: (next) => dropTopology(next, undefined),
  prepareForUpdate: dropTopology,
  validate: (next) => validateEndpointSlice(next, undefined),
  validateUpdate: validateEndpointSlice,
  warnings: endpointSliceWarnings,
  columns: [
    nameColumn(),
    column('AddressType', '@discovery/v1.EndpointSlice.addressType', (s) => s.addressType),
    column('Ports', '@discovery/v1.EndpointSlice.ports', portsText),
    column('Endpoints', '@discovery/v1.EndpointSlice.endpoints', (s) => {
      const addresses = (s.endpoints ?? []).flatMap((e) => e.addresses ?? []);
      return firstFew(addresses, shown) || '<unset>';
    }),
    ageColumn(),
  ],
});

/** The controllers that write slices take addresses as they find them. */
const controllers = new Set([
  'endpointslice-controller.k8s.io',
  'endpointslicemirroring-controller.k8s.io',
]);

function endpointSliceWarnings(next: EndpointSlice, prev: EndpointSlice | undefined): string[] {
  const warnings: string[] = [];
  if (prev === undefined && next.addressType === 'FQDN') {
    warnings.push('spec.addressType: FQDN endpoints are deprecated');
  }
  const manager = next.metadata?.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '';
  if (controllers.has(manager)) return warnings;
  for (const [i, { addresses = [] }] of (next.endpoints ?? []).entries()) {
    const at = FieldPath.of('endpoints').index(i).child('addresses');
    for (const [j, a] of addresses.entries()) warnings.push(...ipWarnings(a, at.index(j)));
  }
  return warnings;
}

function portsText(slice: EndpointSlice): string {
  const ports = (slice.ports ?? []).map((p) => String(p.port ?? p.name ?? '*'));
  return ports.length === 0 ? '<unset>' : firstFew(ports, shown);
}

/**
 * The topology map is gone in v1. A client that sends back what an older version wrote there must
 * not lose the node: a host name that the stored object had becomes the node name.
 */
function dropTopology(next: EndpointSlice, prev: EndpointSlice | undefined): void {
  if (prev !== undefined && deepEqual(next.endpoints, prev.endpoints)) return;
  const before = new Set(
    (prev?.endpoints ?? []).map((e) => e.deprecatedTopology?.[hostnameLabel] || undefined),
  );
  for (const endpoint of next.endpoints ?? []) {
    const host = endpoint.deprecatedTopology?.[hostnameLabel];
    if (
      endpoint.nodeName === undefined &&
      host !== undefined &&
      before.has(host) &&
      isDns1123Subdomain(host).length === 0
    ) {
      endpoint.nodeName = host;
    }
    delete endpoint.deprecatedTopology;
  }
}
