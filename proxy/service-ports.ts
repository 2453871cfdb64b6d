/** What the rules need of Services: one flat record per port and address family. */
import { isIP } from 'node:net';
import type { Service, ServicePort as WirePort } from '../machinery/schema/wire.ts';

export type Family = 'IPv4' | 'IPv6';

/** One port of a Service in one family. */
export interface ServicePort {
  readonly namespace: string;
  readonly service: string;
  /** '' for the only, unnamed port. */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly clusterIp: string;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  /** Who may use the load balancer's addresses; empty: everybody. */
  readonly sourceRanges: readonly string[];
  /** Clients stay with their endpoint this long; 0: they do not. */
  readonly affinitySeconds: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** 0: none. */
  readonly healthCheckNodePort: number;
}

/** Services with this label belong to another proxy. */
const otherProxyLabel = 'service.kubernetes.io/service-proxy-name';

/** `namespace/name`, by which services and their endpoints are matched. */
export function serviceKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** The family of an address or of an address range. */
export function familyOf(address: string): Family | undefined {
  const kind = isIP(address.split('/', 1)[0] ?? '');
  return kind === 4 ? 'IPv4' : kind === 6 ? 'IPv6' : undefined;
}

/** True when the service is not ours to handle: headless, external, another proxy's. */
export function isSkipped(service: Service): boolean {
  if (service.metadata?.labels?.[otherProxyLabel] !== undefined) return true;
  const ip = service.spec?.clusterIP;
  return !ip || ip === 'None' || service.spec?.type === 'ExternalName';
}

/** The service's ports in one family; none when it is skipped or has no address in it. */
export function servicePorts(service: Service, family: Family): ServicePort[] {
  const spec = service.spec;
  if (spec === undefined || isSkipped(service)) return [];
  const ips = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const clusterIp = ips.find((ip) => familyOf(ip) === family);
  if (clusterIp === undefined) return [];
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const accepts = external || (spec.externalIPs?.length ?? 0) > 0;
  const externalLocal = accepts && spec.externalTrafficPolicy === 'Local';
  const ours = (address: string) => familyOf(address) === family;
  const ranges = (spec.loadBalancerSourceRanges ?? []).map((r) => r.trim()).filter(ours);
  const clientIp = spec.sessionAffinity === 'ClientIP';
  const shared = {
    namespace: service.metadata?.namespace ?? '',
    service: service.metadata?.name ?? '',
    clusterIp,
    externalIps: (spec.externalIPs ?? []).filter(ours),
    loadBalancerIps: loadBalancerIps(service).filter(ours),
    // A range of everything is the same as none.
    sourceRanges: ranges.some((r) => r.endsWith('/0')) ? [] : ranges,
    affinitySeconds: clientIp
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
      : 0,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal,
    healthCheckNodePort:
      spec.type === 'LoadBalancer' && externalLocal ? (spec.healthCheckNodePort ?? 0) : 0,
  };
  return (spec.ports ?? []).map((port) => ({ ...shared, ...portFields(port) }));
}

function portFields(port: WirePort) {
  return {
    name: port.name ?? '',
    protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
    port: port.port,
    nodePort: port.nodePort ?? 0,
  };
}

function loadBalancerIps(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap(({ ip, ipMode }) => (ip && (ipMode ?? 'VIP') === 'VIP' ? [ip] : []));
}

/** True when traffic from outside the cluster may reach it. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.loadBalancerIps.length > 0 || port.externalIps.length > 0;
}

/** True when it ever sends traffic to endpoints of the whole cluster. */
export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.internalLocal || isExternallyAccessible(port);
}

/** True when it ever sends traffic to endpoints of this node only. */
export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.internalLocal || (port.externalLocal && isExternallyAccessible(port));
}
