/** How pods stand behind services: which ones, at which addresses and ports. */
import { formatIp, isIpv4, parseIp } from '../../machinery/meta/ip.ts';
import type { Pod, Service, ServicePort } from '../../machinery/schema/wire.ts';
import { isPodTerminal } from '../pods/pod-state.ts';

export type AddressFamily = 'IPv4' | 'IPv6';

/** Ended pods and those without address are never behind a service. */
export function isEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod)) return false;
  const addressed = (pod.status?.podIP ?? '') !== '' || (pod.status?.podIPs ?? []).length > 0;
  if (!addressed) return false;
  return includeTerminating || pod.metadata?.deletionTimestamp === undefined;
}

/** The pod's addresses of one family, in canonical form. */
export function addressesOf(pod: Pod, family: AddressFamily): string[] {
  return (pod.status?.podIPs ?? [])
    .map((entry) => parseIp(entry.ip))
    .filter((ip) => ip !== undefined && isIpv4(ip) === (family === 'IPv4'))
    .map((ip) => formatIp(ip!));
}

/** The family of an address; IPv4 for a text that is none. */
export function familyOf(address: string): AddressFamily {
  const ip = parseIp(address);
  return ip === undefined || isIpv4(ip) ? 'IPv4' : 'IPv6';
}

/** The pod answers by its hostname under the service's domain. */
export function hostnameFor(pod: Pod, service: Service): string | undefined {
  const { hostname = '', subdomain } = pod.spec ?? {};
  const named =
    hostname !== '' &&
    subdomain === service.metadata?.name &&
    pod.metadata?.namespace === service.metadata?.namespace;
  return named ? hostname : undefined;
}

/** The pod's port that a service port leads to; undefined when it has none of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const p of container.ports ?? []) {
      const sameProtocol = (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP');
      if (p.name === target && sameProtocol) return p.containerPort;
    }
  }
  return undefined;
}

export function isHeadless(service: Service): boolean {
  const { clusterIP = '' } = service.spec ?? {};
  return clusterIP === '' || clusterIP === 'None';
}

/** Has endpoints made for it: selects pods and is not only a name. */
export function hasManagedEndpoints(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && service.spec?.selector !== undefined;
}
