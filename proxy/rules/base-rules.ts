/** The fixed part of the table: hooks, dispatch, masquerading, rejecting. */
import { names } from './names.ts';
import type { RulesConfig } from './rules-config.ts';
import { type NftChain, type NftSet, wordsOf } from './ruleset.ts';

/** Sets and maps without elements, by name. */
export function baseSets(config: RulesConfig): Map<string, Omit<NftSet, 'elements'>> {
  const address = wordsOf(config.family).addressType;
  const destination = `${address} . inet_proto . inet_service`;
  const sets = new Map<string, Omit<NftSet, 'elements'>>([
    [names.clusterIps, { kind: 'set', type: address }],
    [names.hairpins, { kind: 'set', type: `${address} . ${destination}` }],
    [names.serviceIps, { kind: 'map', type: `${destination} : verdict` }],
    [names.serviceNodePorts, { kind: 'map', type: 'inet_proto . inet_service : verdict' }],
    [names.noEndpointServices, { kind: 'map', type: `${destination} : verdict` }],
    [names.noEndpointNodePorts, { kind: 'map', type: 'inet_proto . inet_service : verdict' }],
    [names.firewallIps, { kind: 'map', type: `${destination} : verdict` }],
  ]);
  if (config.nodePortIps !== 'all') sets.set(names.nodePortIps, { kind: 'set', type: address });
  return sets;
}

/** The mark that asks for masquerading on the way out. */
export function masqueradeRule(config: RulesConfig): string {
  return `mark set mark or ${config.masqueradeMark}`;
}

/** Chains that do not depend on services. */
export function baseChains(config: RulesConfig): Map<string, NftChain> {
  const { ip, notLoopback } = wordsOf(config.family);
  const destination = `${ip} daddr . meta l4proto . th dport`;
  const nodePorts = 'meta l4proto . th dport';
  const toNodePort =
    config.nodePortIps === 'all'
      ? `fib daddr type local ${notLoopback}`
      : `${ip} daddr @${names.nodePortIps}`;
  const fresh = (chain: string) => `ct state new jump ${chain}`;
  return new Map<string, NftChain>([
    // Packets still carry the service's address here, before they are sent to an endpoint.
    [
      'filter-prerouting-pre-dnat',
      hooked('filter', 'prerouting', -110, [fresh(names.firewallCheck)]),
    ],
    ['filter-output-pre-dnat', hooked('filter', 'output', -110, [fresh(names.firewallCheck)])],
    [
      'filter-input',
      hooked('filter', 'input', 0, [
        fresh(names.nodePortEndpointsCheck),
        fresh(names.serviceEndpointsCheck),
      ]),
    ],
    [
      'filter-forward',
      hooked('filter', 'forward', 0, [
        fresh(names.serviceEndpointsCheck),
        fresh(names.clusterIpsCheck),
      ]),
    ],
    [
      'filter-output',
      hooked('filter', 'output', 0, [
        fresh(names.serviceEndpointsCheck),
        fresh(names.clusterIpsCheck),
      ]),
    ],
    ['nat-prerouting', hooked('nat', 'prerouting', -100, [`jump ${names.services}`])],
    ['nat-output', hooked('nat', 'output', -100, [`jump ${names.services}`])],
    ['nat-postrouting', hooked('nat', 'postrouting', 100, [`jump ${names.masquerading}`])],
    [
      names.services,
      {
        rules: [
          ...clusterIpMasquerade(config),
          `${destination} vmap @${names.serviceIps}`,
          `${toNodePort} ${nodePorts} vmap @${names.serviceNodePorts}`,
        ],
      },
    ],
    [
      names.masquerading,
      {
        rules: [
          `mark and ${config.masqueradeMark} != 0 ` +
            `mark set mark xor ${config.masqueradeMark} masquerade fully-random`,
          // An endpoint that reached itself must not see its own address as the sender.
          `ct status dnat ${ip} saddr . ${ip} daddr . meta l4proto . th dport ` +
            `@${names.hairpins} masquerade fully-random`,
        ],
      },
    ],
    [names.rejecting, { rules: ['reject'] }],
    [names.serviceEndpointsCheck, { rules: [`${destination} vmap @${names.noEndpointServices}`] }],
    [
      names.nodePortEndpointsCheck,
      { rules: [`${toNodePort} ${nodePorts} vmap @${names.noEndpointNodePorts}`] },
    ],
    [names.firewallCheck, { rules: [`${destination} vmap @${names.firewallIps}`] }],
    [names.clusterIpsCheck, { rules: clusterIpChecks(config) }],
  ]);
}

function hooked(
  type: 'filter' | 'nat',
  hook: string,
  priority: number,
  rules: readonly string[],
): NftChain {
  return { hook: `type ${type} hook ${hook} priority ${priority};`, rules };
}

/** Traffic from outside may be sent on to another node: its answers must come back through here. */
function clusterIpMasquerade(config: RulesConfig): string[] {
  const toClusterIp = `${wordsOf(config.family).ip} daddr @${names.clusterIps}`;
  if (config.masqueradeAll) return [`${toClusterIp} ${masqueradeRule(config)}`];
  if (config.local === undefined) return [];
  return [`${toClusterIp} ${config.local.isNotLocal} ${masqueradeRule(config)}`];
}

function clusterIpChecks(config: RulesConfig): string[] {
  const { ip } = wordsOf(config.family);
  const rules = [`${ip} daddr @${names.clusterIps} reject`];
  if (config.serviceCidrs.length > 0) {
    rules.push(`${ip} daddr { ${config.serviceCidrs.join(', ')} } drop`);
  }
  return rules;
}
