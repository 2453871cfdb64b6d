/** Services and endpoints to rules: the pure heart of the proxy. */
import { BlockList } from 'node:net';
import type { Endpoint } from '../endpoints.ts';
import { isExternallyAccessible, type ServicePort } from '../service-ports.ts';
import { type UsableEndpoints, usableEndpoints } from '../topology.ts';
import { baseChains, baseSets, masqueradeRule } from './base-rules.ts';
import {
  affinitySet,
  clusterChain,
  endpointBase,
  endpointChain,
  externalChain,
  firewallChain,
  localChain,
  names,
  portBase,
} from './names.ts';
import type { RulesConfig } from './rules-config.ts';
import { type NftChain, type NftSet, type Ruleset, wordsOf } from './ruleset.ts';

/** A service port with all its endpoints. */
export interface Backed {
  readonly port: ServicePort;
  readonly endpoints: readonly Endpoint[];
}

/** Ports without endpoints in reach, for the metrics. */
export interface Shortages {
  internal: number;
  external: number;
}

/** The whole table. The order of `backed` decides only who wins a doubled address and port. */
export function buildRuleset(
  config: RulesConfig,
  backed: Iterable<Backed>,
  shortages: Shortages = { internal: 0, external: 0 },
): Ruleset {
  const builder = new Builder(config, shortages);
  for (const { port, endpoints } of backed) builder.add(port, endpoints);
  return builder.ruleset();
}

const reject = `goto ${names.rejecting}`;

class Builder {
  readonly #config: RulesConfig;
  readonly #ip: string;
  readonly #shortages: Shortages;
  readonly #chains: Map<string, NftChain>;
  readonly #sets = new Map<string, NftSet>();
  readonly #elements = new Map<string, Map<string, string>>();

  constructor(config: RulesConfig, shortages: Shortages) {
    this.#config = config;
    this.#ip = wordsOf(config.family).ip;
    this.#shortages = shortages;
    this.#chains = baseChains(config);
    for (const [name, set] of baseSets(config)) {
      const elements = new Map<string, string>();
      this.#elements.set(name, elements);
      this.#sets.set(name, { ...set, elements });
    }
    if (config.nodePortIps !== 'all') {
      for (const ip of config.nodePortIps) this.#put(names.nodePortIps, ip, '');
    }
  }

  ruleset(): Ruleset {
    const { family, table } = this.#config;
    return { family, table, sets: this.#sets, chains: this.#chains };
  }

  add(port: ServicePort, endpoints: readonly Endpoint[]): void {
    const usable = usableEndpoints(endpoints, port, this.#config.place);
    const base = portBase(port);
    const cluster = clusterChain(base);
    const local = localChain(base);
    const external = externalChain(base);
    const hasInternal = usable.any && !(port.internalLocal && usable.local.length === 0);
    const hasExternal = usable.any && !(port.externalLocal && usable.local.length === 0);
    if (usable.any && !hasInternal) this.#shortages.internal++;
    if (usable.any && !hasExternal) this.#shortages.external++;

    this.#put(names.clusterIps, port.clusterIp, '');
    const at = (ip: string, number: number) => `${ip} . ${port.protocol} . ${number}`;
    if (hasInternal) {
      const to = port.internalLocal ? local : cluster;
      this.#put(names.serviceIps, at(port.clusterIp, port.port), `goto ${to}`);
    } else {
      const verdict = usable.any ? 'drop' : reject;
      this.#put(names.noEndpointServices, at(port.clusterIp, port.port), verdict);
    }
    const outside = usable.any ? 'drop' : reject;
    for (const ip of [...port.externalIps, ...port.loadBalancerIps]) {
      const key = at(ip, port.port);
      if (usable.any) this.#put(names.serviceIps, key, `goto ${external}`);
      if (!hasExternal) this.#put(names.noEndpointServices, key, outside);
    }
    if (port.nodePort !== 0) {
      const key = `${port.protocol} . ${port.nodePort}`;
      if (usable.any) this.#put(names.serviceNodePorts, key, `goto ${external}`);
      if (!hasExternal) this.#put(names.noEndpointNodePorts, key, outside);
    }
    this.#firewall(port, base);
    if (usable.any && isExternallyAccessible(port)) {
      const to = port.externalLocal ? local : cluster;
      this.#externalChain(port, external, cluster, hasExternal ? to : undefined);
    }
    this.#endpointChains(port, usable, cluster, local);
  }

  /** Only the allowed ranges may use a load balancer's addresses. */
  #firewall(port: ServicePort, base: string): void {
    if (port.loadBalancerIps.length === 0 || port.sourceRanges.length === 0) return;
    const chain = firewallChain(base);
    for (const ip of port.loadBalancerIps) {
      this.#put(names.firewallIps, `${ip} . ${port.protocol} . ${port.port}`, `goto ${chain}`);
    }
    const sources = [...port.sourceRanges];
    // The node may reach the address with that very address as its own.
    if (this.#config.nodeIps.some((ip) => isWithin(ip, port.sourceRanges))) {
      sources.push(...port.loadBalancerIps);
    }
    this.#chains.set(chain, {
      rules: [`${this.#ip} saddr != { ${[...new Set(sources)].join(', ')} } drop`],
    });
  }

  #externalChain(port: ServicePort, chain: string, cluster: string, to: string | undefined): void {
    const rules: string[] = [];
    const masquerade = masqueradeRule(this.#config);
    if (!port.externalLocal) rules.push(masquerade);
    else {
      // Pods and the node itself are inside already: policy Local is not for them.
      const local = this.#config.local;
      if (local !== undefined) rules.push(`${local.isLocal} goto ${cluster}`);
      rules.push(`fib saddr type local ${masquerade}`, `fib saddr type local goto ${cluster}`);
    }
    if (to !== undefined) rules.push(`goto ${to}`);
    this.#chains.set(chain, { rules });
  }

  #endpointChains(
    port: ServicePort,
    usable: UsableEndpoints,
    cluster: string,
    local: string,
  ): void {
    for (const endpoint of usable.reachable) {
      if (!endpoint.local) continue;
      const { ip } = endpoint;
      this.#put(names.hairpins, `${ip} . ${ip} . ${port.protocol} . ${endpoint.port}`, '');
    }
    for (const [chain, endpoints] of [
      [cluster, usable.cluster],
      [local, usable.local],
    ] as const) {
      if (endpoints.length === 0) continue;
      const sticky = port.affinitySeconds > 0;
      const rules = sticky ? this.#sticky(port, endpoints) : [this.#spread(port, endpoints)];
      this.#chains.set(chain, { rules });
    }
    if (port.affinitySeconds > 0) {
      for (const endpoint of usable.reachable) this.#stickyEndpoint(port, endpoint);
    }
  }

  #spread(port: ServicePort, endpoints: readonly Endpoint[]): string {
    const targets = endpoints.map((e, i) => `${i} : ${e.ip} . ${e.port}`);
    return (
      `meta l4proto ${port.protocol} dnat ${this.#ip} addr . port to ` +
      `numgen random mod ${endpoints.length} map { ${targets.join(', ')} }`
    );
  }

  #sticky(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
    const bases = endpoints.map((e) => endpointBase(port, e));
    const known = bases.map(
      (base) => `${this.#ip} saddr @${affinitySet(base)} goto ${endpointChain(base)}`,
    );
    const targets = bases.map((base, i) => `${i} : goto ${endpointChain(base)}`);
    return [...known, `numgen random mod ${bases.length} vmap { ${targets.join(', ')} }`];
  }

  #stickyEndpoint(port: ServicePort, endpoint: Endpoint): void {
    const base = endpointBase(port, endpoint);
    const { family } = this.#config;
    const target =
      family === 'IPv6' ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`;
    this.#sets.set(affinitySet(base), {
      kind: 'set',
      type: wordsOf(family).addressType,
      extra: `flags dynamic,timeout; timeout ${port.affinitySeconds}s;`,
    });
    this.#chains.set(endpointChain(base), {
      rules: [
        `update @${affinitySet(base)} { ${this.#ip} saddr }`,
        `meta l4proto ${port.protocol} dnat to ${target}`,
      ],
    });
  }

  #put(set: string, key: string, value: string): void {
    const elements = this.#elements.get(set)!;
    // Two services with one address and port: the first keeps it.
    if (!elements.has(key)) elements.set(key, value);
  }
}

function isWithin(ip: string, ranges: readonly string[]): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4');
}
