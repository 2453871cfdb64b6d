/** The resolv.conf of a pod, from its dnsPolicy and dnsConfig: pure. */
import { isHostNetwork, type NodePod } from '../pods/pod.ts';

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface DnsSettings {
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** Text of the node's resolv.conf; undefined when `--resolv-conf` is empty. */
  readonly nodeResolvConf: string | undefined;
  readonly nodeIps: readonly string[];
}

/** Limits of resolvers (API reference, PodDNSConfig). */
const maxServers = 3;
const maxSearches = 32;
const maxSearchChars = 2048;
const maxSearchLength = 253;
const clusterOptions = ['ndots:5'];

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** Reads the parts of a resolv.conf that matter; the last `search` line holds. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [keyword, ...fields] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && fields[0] !== undefined) servers.push(fields[0]);
    if (keyword === 'search') {
      searches = fields.filter((s) => s !== '.').map((s) => s.replace(/\.$/, ''));
    }
    if (keyword === 'options') for (const o of fields) options.set(o.split(':')[0]!, o);
  }
  return { servers, searches, options: [...options.values()] };
}

type Policy = 'cluster' | 'host' | 'none';

function policyOf(pod: NodePod): Policy {
  switch (pod.spec.dnsPolicy) {
    case 'None':
      return 'none';
    case 'Default':
      return 'host';
    case 'ClusterFirstWithHostNet':
      return 'cluster';
    default:
      return isHostNetwork(pod) ? 'host' : 'cluster';
  }
}

/** A warning the pod (and for some the node) gets as an event. */
export interface DnsWarning {
  readonly reason: 'DNSConfigForming' | 'MissingClusterDNS';
  readonly message: string;
}

/** The configuration and what had to be said about it. */
export function podDns(
  pod: NodePod,
  settings: DnsSettings,
): { readonly config: DnsConfig; readonly warnings: readonly DnsWarning[] } {
  const warnings: DnsWarning[] = [];
  let config = baseConfig(pod, settings, warnings);
  const own = pod.spec.dnsConfig;
  if (own !== undefined) {
    const options = new Map(config.options.map((o) => [o.split(':')[0]!, o]));
    for (const { name = '', value } of own.options ?? []) {
      options.set(name, value ? `${name}:${value}` : name);
    }
    config = {
      servers: unique([...config.servers, ...(own.nameservers ?? [])]),
      searches: unique([...config.searches, ...(own.searches ?? [])]),
      options: [...options.values()],
    };
  }
  return { config: fitLimits(config, warnings), warnings };
}

function baseConfig(pod: NodePod, settings: DnsSettings, warnings: DnsWarning[]): DnsConfig {
  let policy = policyOf(pod);
  if (policy === 'none') return { servers: [], searches: [], options: [] };
  const { nodeResolvConf, clusterDomain, clusterDns, nodeIps } = settings;
  const node = parseResolvConf(nodeResolvConf ?? '');
  if (policy === 'cluster' && clusterDns.length === 0) {
    const message =
      'kubelet does not have ClusterDNS IP configured and cannot create Pod using ' +
      '"ClusterFirst" policy. Falling back to "Default" policy.';
    warnings.push({ reason: 'MissingClusterDNS', message });
    policy = 'host';
  }
  if (policy === 'cluster') {
    const own = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`];
    const searches =
      clusterDomain === '' ? node.searches : unique([...own, clusterDomain, ...node.searches]);
    return { servers: clusterDns, searches, options: clusterOptions };
  }
  if (nodeResolvConf !== undefined) return node;
  // Without a file, resolvers ask the local machine: say so, or the runtime copies its own file.
  const local = nodeIps.map((ip) => (ip.includes(':') ? '::1' : '127.0.0.1'));
  return { servers: local.length > 0 ? local : ['127.0.0.1'], searches: ['.'], options: [] };
}

function fitLimits(config: DnsConfig, warnings: DnsWarning[]): DnsConfig {
  let { servers, searches } = config;
  if (servers.length > maxServers) {
    servers = servers.slice(0, maxServers);
    const message = `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`;
    warnings.push({ reason: 'DNSConfigForming', message });
  }
  const all = searches;
  searches = searches.slice(0, maxSearches).filter((s) => s.length <= maxSearchLength);
  while (searches.join(' ').length > maxSearchChars) searches = searches.slice(0, -1);
  if (searches.length < all.length) {
    const message = `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`;
    warnings.push({ reason: 'DNSConfigForming', message });
  }
  return { ...config, servers, searches };
}
