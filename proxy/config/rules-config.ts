/** From the configuration and the Node to what the rules of each family depend on. */
import { BlockList, isIP } from 'node:net';
import type { Node } from '../../machinery/schema/wire.ts';
import type { LocalTraffic, RulesConfig } from '../rules/rules-config.ts';
import { wordsOf } from '../rules/ruleset.ts';
import { type Family, familyOf } from '../service-ports.ts';
import type { DetectLocalMode, ProxyConfiguration } from './configuration.ts';

/** What is known of the machine besides its Node. */
export interface Machine {
  readonly nodeName: string;
  readonly table: string;
  /** Addresses of its interfaces, loopback left out. */
  readonly addresses: () => readonly string[];
}

/**
 * One config per family the node has addresses in; IPv4 alone while nothing is known. Node ports
 * are served on the node's own addresses, or on those within `nodePortAddresses`.
 */
export function rulesConfigs(
  configuration: ProxyConfiguration,
  machine: Machine,
  node: Node | undefined,
  serviceCidrs: readonly string[],
): RulesConfig[] {
  const nodeIps = nodeIpsOf(configuration, node);
  const found = (['IPv4', 'IPv6'] as const).filter((family) =>
    nodeIps.some((ip) => familyOf(ip) === family),
  );
  const families: readonly Family[] = found.length > 0 ? found : ['IPv4'];
  return families.map((family) => {
    const ours = (address: string) => familyOf(address) === family;
    const own = nodeIps.filter(ours);
    return {
      family,
      table: machine.table,
      place: {
        nodeName: machine.nodeName,
        zone: node?.metadata?.labels?.['topology.kubernetes.io/zone'] ?? '',
      },
      nodePortIps: nodePortIps(configuration.nodePortAddresses, own, family, machine),
      masqueradeMark: `0x${(2 ** configuration.masqueradeBit).toString(16)}`,
      masqueradeAll: configuration.masqueradeAll,
      local: localTraffic(configuration.detectLocal, family, node),
      serviceCidrs: serviceCidrs.filter(ours),
      nodeIps: own,
    };
  });
}

function nodeIpsOf(configuration: ProxyConfiguration, node: Node | undefined): string[] {
  const listed = node?.status?.addresses ?? [];
  const ofType = (type: string) => listed.filter((a) => a.type === type).map((a) => a.address);
  const internal = ofType('InternalIP');
  const ips = internal.length > 0 ? internal : ofType('ExternalIP');
  const { nodeIp } = configuration;
  if (nodeIp === undefined) return ips.filter((ip) => isIP(ip) !== 0);
  return [nodeIp, ...ips.filter((ip) => familyOf(ip) !== familyOf(nodeIp))];
}

function nodePortIps(
  ranges: readonly string[],
  own: readonly string[],
  family: Family,
  machine: Machine,
): readonly string[] | 'all' {
  if (ranges.length === 1 && ranges[0] === 'primary') return own.slice(0, 1);
  const mine = ranges.filter((range) => familyOf(range) === family);
  if (mine.some((range) => range.endsWith('/0'))) return 'all';
  const list = new BlockList();
  const kind = family === 'IPv6' ? 'ipv6' : 'ipv4';
  for (const range of mine) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), kind);
  }
  return machine.addresses().filter((ip) => familyOf(ip) === family && list.check(ip, kind));
}

function localTraffic(
  detect: DetectLocalMode | undefined,
  family: Family,
  node: Node | undefined,
): LocalTraffic | undefined {
  const from = (cidr: string | undefined): LocalTraffic | undefined => {
    if (cidr === undefined) return undefined;
    const { ip } = wordsOf(family);
    return { isLocal: `${ip} saddr ${cidr}`, isNotLocal: `${ip} saddr != ${cidr}` };
  };
  const by = (name: string): LocalTraffic => ({
    isLocal: `iifname "${name}"`,
    isNotLocal: `iifname != "${name}"`,
  });
  switch (detect?.mode) {
    case undefined:
      return undefined;
    case 'ClusterCIDR':
      return from(detect.cidrs.find((cidr) => familyOf(cidr) === family));
    case 'NodeCIDR': {
      const cidrs = node?.spec?.podCIDRs ?? [node?.spec?.podCIDR ?? ''];
      return from(cidrs.find((cidr) => familyOf(cidr) === family));
    }
    case 'BridgeInterface':
      return by(detect.bridge);
    case 'InterfaceNamePrefix':
      return by(`${detect.prefix}*`);
  }
}
