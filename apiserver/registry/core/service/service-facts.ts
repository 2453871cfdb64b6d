/** Small questions about services that several files ask. */
import { isIpv4, parseIp } from '../../../../machinery/meta/ip.ts';
import type { Service, ServiceSpec } from '../../../../machinery/schema/wire.ts';

export type IpFamily = 'IPv4' | 'IPv6';

/** The cluster IP that says: none. */
export const headlessIp = 'None';

export function specOf(service: Service): ServiceSpec {
  service.spec ??= {};
  return service.spec;
}

export function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === headlessIp;
}

/** Every type but ExternalName has cluster IPs, be it `None`. */
export function needsClusterIp(spec: ServiceSpec): boolean {
  return spec.type !== 'ExternalName';
}

export function needsNodePort(spec: ServiceSpec): boolean {
  if (spec.type === 'NodePort') return true;
  return spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

/** NodePort and LoadBalancer services may have node ports. */
export function mayHaveNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

/** Load balancers that keep traffic on its node ask the node for its health. */
export function needsHealthCheck(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

export function isExternallyAccessible(spec: ServiceSpec): boolean {
  if (mayHaveNodePorts(spec)) return true;
  return spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0;
}

/** All node ports of a service, its health check's included. */
export function nodePortsOf(spec: ServiceSpec): number[] {
  const ports = (spec.ports ?? []).map((p) => p.nodePort ?? 0);
  if (needsHealthCheck(spec)) ports.push(spec.healthCheckNodePort ?? 0);
  return ports.filter((p) => p !== 0);
}

/** The family of an address; undefined for what is none. */
export function familyOf(ip: string): IpFamily | undefined {
  const parsed = parseIp(ip);
  if (parsed === undefined) return undefined;
  return isIpv4(parsed) ? 'IPv4' : 'IPv6';
}

export function otherFamily(family: IpFamily): IpFamily {
  return family === 'IPv4' ? 'IPv6' : 'IPv4';
}

/** Same strings in the same order; absent is empty. */
export function sameList(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): boolean {
  const [x, y] = [a ?? [], b ?? []];
  return x.length === y.length && x.every((v, i) => v === y[i]);
}
