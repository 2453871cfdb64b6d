/** Names of chains and sets. Those that belong to a service start with a hash of what they name. */
import { createHash } from 'node:crypto';
import type { Endpoint } from '../endpoints.ts';
import type { ServicePort } from '../service-ports.ts';

/** Names of the fixed parts of the table. */
export const names = {
  services: 'services',
  masquerading: 'masquerading',
  rejecting: 'reject-chain',
  serviceEndpointsCheck: 'service-endpoints-check',
  nodePortEndpointsCheck: 'nodeport-endpoints-check',
  clusterIpsCheck: 'cluster-ips-check',
  firewallCheck: 'firewall-check',
  clusterIps: 'cluster-ips',
  nodePortIps: 'nodeport-ips',
  serviceIps: 'service-ips',
  serviceNodePorts: 'service-nodeports',
  noEndpointServices: 'no-endpoint-services',
  noEndpointNodePorts: 'no-endpoint-nodeports',
  firewallIps: 'firewall-ips',
  hairpins: 'hairpin-connections',
} as const;

const limitLength = 200;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function hashed(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  let hash = '';
  // 8 characters of base 32: 40 bits.
  for (let i = 0; i < 8; i++) {
    const bit = i * 5;
    const pair = (digest[bit >> 3]! << 8) | digest[(bit >> 3) + 1]!;
    hash += alphabet[(pair >> (11 - (bit & 7))) & 31];
  }
  const name = `${hash}-${text}`;
  return name.length > limitLength ? `${name.slice(0, limitLength - 3)}...` : name;
}

/** The base of all names of a service port: `ULMVA6XW-ns1/svc1/tcp/p80`. */
export function portBase(port: ServicePort): string {
  return hashed(`${port.namespace}/${port.service}/${port.protocol}/${port.name}`);
}

/** Chain with the endpoints of policy Cluster. */
export const clusterChain = (base: string): string => `service-${base}`;
/** Chain with the endpoints of policy Local. */
export const localChain = (base: string): string => `local-${base}`;
/** Chain for traffic that comes to addresses other than the cluster IP. */
export const externalChain = (base: string): string => `external-${base}`;
/** Chain that drops what does not come from the allowed ranges. */
export const firewallChain = (base: string): string => `firewall-${base}`;

/** The base of the names of an endpoint of a port with affinity. */
export function endpointBase(port: ServicePort, endpoint: Endpoint): string {
  const { namespace, service, protocol, name, affinitySeconds } = port;
  // Addresses of IPv6 carry characters that names may not have.
  const ip = endpoint.ip.replaceAll(':', '.');
  const where = `${ip}/${endpoint.port}`;
  // The time is in the name, since a set's timeout cannot be changed.
  return hashed(`${namespace}/${service}/${protocol}/${name}__${where}_${affinitySeconds}s`);
}

export const endpointChain = (base: string): string => `endpoint-${base}`;
export const affinitySet = (base: string): string => `affinity-${base}`;
