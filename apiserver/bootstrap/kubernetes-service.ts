/** The service `default/kubernetes` by which pods reach the API, and where its servers are. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type {
  EndpointSlice,
  Endpoints,
  Service,
  ServiceCIDR,
} from '../../machinery/schema/wire.ts';

const name = 'kubernetes';
const namespace = 'default';
const portName = 'https';

/** The service; `ip`: the first address of the service range. */
export function kubernetesService(ip: string, securePort: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: name } },
    spec: {
      ports: [{ name: portName, protocol: 'TCP', port: 443, targetPort: securePort }],
      clusterIP: ip,
      clusterIPs: [ip],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilyPolicy: 'SingleStack',
    },
  };
}

/** A service whose type or ports were changed is set right; undefined when it is. */
export function reviseService(expected: Service, existing: Service): Service | undefined {
  const spec = existing.spec!;
  const ports = expected.spec!.ports!;
  const same =
    spec.type === expected.spec!.type &&
    spec.ports?.length === ports.length &&
    spec.ports.every((p, i) => {
      const want = ports[i]!;
      return (
        p.name === want.name &&
        p.port === want.port &&
        p.protocol === want.protocol &&
        p.targetPort === want.targetPort
      );
    });
  return same ? undefined : { ...existing, spec: { ...spec, type: 'ClusterIP', ports } };
}

/** Endpoints of all servers. They are not mirrored: the slice below stands for them. */
export function kubernetesEndpoints(addresses: readonly string[], port: number): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [
      {
        addresses: addresses.toSorted().map((ip) => ({ ip })),
        ports: [{ name: portName, port, protocol: 'TCP' }],
      },
    ],
  };
}

/** The slice of the same servers. */
export function kubernetesSlice(addresses: readonly string[], port: number): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: addresses.some((a) => a.includes(':')) ? 'IPv6' : 'IPv4',
    endpoints: addresses.toSorted().map((a) => ({ addresses: [a], conditions: { ready: true } })),
    ports: [{ name: portName, protocol: 'TCP', port }],
  };
}

/** Endpoints with the expected addresses, ports and label; undefined when they have them. */
export function reviseEndpoints(expected: Endpoints, existing: Endpoints): Endpoints | undefined {
  const labels = { ...existing.metadata?.labels, ...expected.metadata!.labels };
  const next: Endpoints = {
    ...existing,
    metadata: { ...existing.metadata, labels },
    subsets: expected.subsets!,
  };
  return deepEqual(next, existing) ? undefined : next;
}

/** The same for the slice; its address type cannot be changed. */
export function reviseSlice(
  expected: EndpointSlice,
  existing: EndpointSlice,
): EndpointSlice | 'recreate' | undefined {
  if (existing.addressType !== expected.addressType) return 'recreate';
  const labels = { ...existing.metadata?.labels, ...expected.metadata!.labels };
  const next: EndpointSlice = {
    ...existing,
    metadata: { ...existing.metadata, labels },
    endpoints: expected.endpoints!,
    ports: expected.ports!,
  };
  return deepEqual(next, existing) ? undefined : next;
}

/** The service range as an object, from which cluster addresses are given. */
export function defaultServiceCidr(ranges: readonly string[]): ServiceCIDR {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs: [...ranges] },
  };
}

/** Marks the range ready; undefined when it is, or when it is being deleted. */
export function reviseServiceCidr(existing: ServiceCIDR, now: string): ServiceCIDR | undefined {
  const conditions = existing.status?.conditions ?? [];
  if (existing.metadata?.deletionTimestamp !== undefined) return undefined;
  if (conditions.some((c) => c.type === 'Ready' && c.status === 'True')) return undefined;
  const ready = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: now,
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  return {
    ...existing,
    status: { conditions: [...conditions.filter((c) => c.type !== 'Ready'), ready] },
  };
}
