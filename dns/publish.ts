/**
 * Makes the server reachable at the cluster's DNS address: a Service without a selector that holds
 * the address (by convention kube-system/kube-dns with the tenth address of the service range),
 * and one EndpointSlice per server with the address it really listens on.
 */
import type { Client } from '../client/client.ts';
import { endpointSlices, services } from '../client/resources.ts';
import { deepEqual } from '../machinery/meta/equality.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { EndpointSlice, Service } from '../machinery/schema/wire.ts';

export interface Publication {
  readonly namespace: string;
  /** `kube-dns` */
  readonly service: string;
  /** `10.96.0.10` */
  readonly clusterIps: readonly string[];
  /** Distinguishes servers; the node's name. */
  readonly instance: string;
  /** Where this server listens, as pods on any node reach it. */
  readonly address: string;
  readonly port: number;
  readonly metricsPort: number;
}

/** The Service, as other installations of cluster DNS have it. */
export function serviceFor(p: Publication): Service {
  const labels = {
    'k8s-app': 'kube-dns',
    'kubernetes.io/cluster-service': 'true',
    'kubernetes.io/name': 'CoreDNS',
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: p.namespace, name: p.service, labels },
    spec: {
      clusterIP: p.clusterIps[0]!,
      clusterIPs: [...p.clusterIps],
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: p.port },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: p.port },
      ],
    },
  };
}

/** The slice of this server. */
export function sliceFor(p: Publication): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: p.namespace,
      name: `${p.service}-${p.instance}`,
      labels: {
        'kubernetes.io/service-name': p.service,
        'endpointslice.kubernetes.io/managed-by': 'k8ts-dns',
      },
    },
    addressType: p.address.includes(':') ? 'IPv6' : 'IPv4',
    ports: [
      { name: 'dns', port: p.port, protocol: 'UDP' },
      { name: 'dns-tcp', port: p.port, protocol: 'TCP' },
    ],
    endpoints: [{ addresses: [p.address], conditions: { ready: true }, nodeName: p.instance }],
  };
}

/** Creates what is missing and corrects the slice; an existing Service is left as it is. */
export async function publish(client: Client, p: Publication): Promise<void> {
  await createUnlessThere(client, p);
  const wanted = sliceFor(p);
  try {
    await client.create(endpointSlices, wanted);
  } catch (e) {
    if (!hasReason(e, 'AlreadyExists')) throw e;
    const { namespace, name = '' } = wanted.metadata!;
    const known = await client.get(endpointSlices, { namespace, name });
    const same =
      known.addressType === wanted.addressType &&
      deepEqual(known.endpoints, wanted.endpoints) &&
      deepEqual(known.ports, wanted.ports);
    if (same) return;
    if (known.addressType !== wanted.addressType) {
      // The type of addresses cannot be changed.
      await client.delete(endpointSlices, { namespace, name });
      await client.create(endpointSlices, wanted);
      return;
    }
    await client.update(endpointSlices, { ...wanted, metadata: known.metadata! });
  }
}

/** Looks first: a second service is refused for its address, which is taken, not for its name. */
async function createUnlessThere(client: Client, p: Publication): Promise<void> {
  try {
    await client.get(services, { namespace: p.namespace, name: p.service });
  } catch (e) {
    if (!hasReason(e, 'NotFound')) throw e;
    await client.create(services, serviceFor(p));
  }
}

/** Takes this server's slice away. */
export async function withdraw(client: Client, p: Publication): Promise<void> {
  const { namespace, name = '' } = sliceFor(p).metadata!;
  try {
    await client.delete(endpointSlices, { namespace, name });
  } catch (e) {
    if (!hasReason(e, 'NotFound')) throw e;
  }
}
