/**
 * KubeProxyConfiguration v1alpha1: reading, defaults, checks. What is not acted on is refused.
 * API: kubeproxy.config.k8s.io/v1alpha1.
 */
import { isIP } from 'node:net';
import { parse } from 'yaml';
import { parseDuration } from '../../machinery/meta/times.ts';

/** How the proxy tells traffic of this node's pods. */
export type DetectLocalMode =
  | { readonly mode: 'ClusterCIDR'; readonly cidrs: readonly string[] }
  | { readonly mode: 'NodeCIDR' }
  | { readonly mode: 'BridgeInterface'; readonly bridge: string }
  | { readonly mode: 'InterfaceNamePrefix'; readonly prefix: string };

/** A host and a port to listen on; port 0: off. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The settings that are acted on, with defaults filled in. */
export interface ProxyConfiguration {
  readonly kubeconfig: string | undefined;
  readonly hostnameOverride: string | undefined;
  /** The node's address when it is not to be taken from the Node; undefined: take it. */
  readonly nodeIp: string | undefined;
  readonly healthz: ListenAddress;
  readonly metrics: ListenAddress;
  readonly masqueradeBit: number;
  readonly masqueradeAll: boolean;
  readonly syncPeriodMs: number;
  readonly minSyncPeriodMs: number;
  readonly detectLocal: DetectLocalMode | undefined;
  /** Ranges; `primary`: the node's own address. */
  readonly nodePortAddresses: readonly string[];
  /** Settings of the kernel's flow table that the file names, by their path below /proc/sys. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** A configuration that cannot be used; the message names the field. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

type Fields = Readonly<Record<string, unknown>>;

const known = [
  'apiVersion',
  'kind',
  'clientConnection',
  'hostnameOverride',
  'bindAddress',
  'healthzBindAddress',
  'metricsBindAddress',
  'bindAddressHardFail',
  'mode',
  'nftables',
  // Sections of other modes are read only in those modes, which are refused.
  'iptables',
  'ipvs',
  'winkernel',
  'detectLocalMode',
  'detectLocal',
  'clusterCIDR',
  'nodePortAddresses',
  'conntrack',
  // Informers relist by themselves; a period of their own is not needed to stay correct.
  'configSyncPeriod',
  'enableProfiling',
  'oomScoreAdj',
  'portRange',
  'showHiddenMetricsForVersion',
  'windowsRunAsService',
];

/** Reads a configuration file's text. Throws ConfigurationError. */
export function parseConfiguration(text: string): ProxyConfiguration {
  const root = objectOf(parse(text, { version: '1.1' }), 'configuration');
  if (root['kind'] !== 'KubeProxyConfiguration') {
    throw new ConfigurationError(`kind: expected KubeProxyConfiguration, got ${root['kind']}`);
  }
  if (root['apiVersion'] !== 'kubeproxy.config.k8s.io/v1alpha1') {
    const got = root['apiVersion'];
    throw new ConfigurationError(
      `apiVersion: expected kubeproxy.config.k8s.io/v1alpha1, got ${got}`,
    );
  }
  return configurationOf(root);
}

/** What a proxy without a configuration file runs with. */
export function defaultConfiguration(): ProxyConfiguration {
  return configurationOf({});
}

function configurationOf(root: Fields): ProxyConfiguration {
  refuseUnknown(root, '', known);
  const mode = textOf(root, 'mode') ?? 'nftables';
  if (mode !== 'nftables') throw new ConfigurationError(`mode: only nftables, not ${mode}`);
  for (const name of ['bindAddressHardFail', 'enableProfiling', 'windowsRunAsService']) {
    if (root[name] === true) throw new ConfigurationError(`${name}: not supported`);
  }
  for (const name of ['portRange', 'showHiddenMetricsForVersion']) {
    if (textOf(root, name) !== undefined) throw new ConfigurationError(`${name}: not supported`);
  }
  if (root['oomScoreAdj'] !== undefined) throw new ConfigurationError('oomScoreAdj: not supported');
  const connection = objectOf(root['clientConnection'], 'clientConnection');
  refuseUnknown(connection, 'clientConnection.', ['kubeconfig', 'contentType', 'qps', 'burst']);
  const nft = objectOf(root['nftables'], 'nftables');
  refuseUnknown(nft, 'nftables.', [
    'masqueradeBit',
    'masqueradeAll',
    'syncPeriod',
    'minSyncPeriod',
  ]);
  const bind = textOf(root, 'bindAddress') ?? '0.0.0.0';
  if (isIP(bind) === 0) throw new ConfigurationError(`bindAddress: not an address: ${bind}`);
  const v6 = isIP(bind) === 6;
  const bit = numberOf(nft, 'masqueradeBit') ?? 14;
  if (bit < 0 || bit > 31) throw new ConfigurationError('nftables.masqueradeBit: not in 0..31');
  return {
    kubeconfig: textOf(connection, 'kubeconfig'),
    hostnameOverride: textOf(root, 'hostnameOverride'),
    nodeIp: bind === '0.0.0.0' || bind === '::' ? undefined : bind,
    healthz: listenAt(root, 'healthzBindAddress', v6 ? '::' : '0.0.0.0', 10_256),
    metrics: listenAt(root, 'metricsBindAddress', v6 ? '::1' : '127.0.0.1', 10_249),
    masqueradeBit: bit,
    masqueradeAll: nft['masqueradeAll'] === true,
    syncPeriodMs: durationOf(nft, 'syncPeriod') || 30_000,
    minSyncPeriodMs: durationOf(nft, 'minSyncPeriod') || 1000,
    detectLocal: detectLocalOf(root),
    nodePortAddresses: listOf(root, 'nodePortAddresses') ?? ['primary'],
    sysctls: conntrackSysctls(objectOf(root['conntrack'], 'conntrack')),
  };
}

function detectLocalOf(root: Fields): DetectLocalMode | undefined {
  const settings = objectOf(root['detectLocal'], 'detectLocal');
  const cidrs = (textOf(root, 'clusterCIDR') ?? '').split(',').filter((cidr) => cidr !== '');
  const mode = textOf(root, 'detectLocalMode') ?? 'ClusterCIDR';
  const need = (name: string) => {
    const value = textOf(settings, name);
    if (value === undefined) throw new ConfigurationError(`detectLocal.${name}: Required value`);
    return value;
  };
  switch (mode) {
    case 'ClusterCIDR':
      return cidrs.length === 0 ? undefined : { mode, cidrs };
    case 'NodeCIDR':
      return { mode };
    case 'BridgeInterface':
      return { mode, bridge: need('bridgeInterface') };
    case 'InterfaceNamePrefix':
      return { mode, prefix: need('interfaceNamePrefix') };
    default:
      throw new ConfigurationError(`detectLocalMode: Unsupported value: "${mode}"`);
  }
}

/** Only what the file names: other settings of the machine are left as they are. */
function conntrackSysctls(fields: Fields): ReadonlyMap<string, string> {
  refuseUnknown(fields, 'conntrack.', [
    'maxPerCore',
    'min',
    'tcpEstablishedTimeout',
    'tcpCloseWaitTimeout',
    'tcpBeLiberal',
    'udpTimeout',
    'udpStreamTimeout',
  ]);
  if (numberOf(fields, 'maxPerCore') || numberOf(fields, 'min')) {
    throw new ConfigurationError('conntrack.maxPerCore, conntrack.min: not supported, use 0');
  }
  const sysctls = new Map<string, string>();
  for (const [field, name] of [
    ['tcpEstablishedTimeout', 'nf_conntrack_tcp_timeout_established'],
    ['tcpCloseWaitTimeout', 'nf_conntrack_tcp_timeout_close_wait'],
    ['udpTimeout', 'nf_conntrack_udp_timeout'],
    ['udpStreamTimeout', 'nf_conntrack_udp_timeout_stream'],
  ] as const) {
    const ms = durationOf(fields, field);
    if (ms > 0) sysctls.set(`net/netfilter/${name}`, String(Math.round(ms / 1000)));
  }
  if (fields['tcpBeLiberal'] === true)
    sysctls.set('net/netfilter/nf_conntrack_tcp_be_liberal', '1');
  return sysctls;
}

function listenAt(root: Fields, name: string, host: string, port: number): ListenAddress {
  const text = textOf(root, name);
  if (text === undefined) return { host, port };
  if (isIP(text) !== 0) return { host: text, port };
  const at = text.lastIndexOf(':');
  const given = text.slice(0, at).replace(/^\[|\]$/g, '');
  const number = Number(text.slice(at + 1));
  if (at < 0 || isIP(given) === 0 || !Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new ConfigurationError(`${name}: must be IP:port`);
  }
  return { host: given, port: number };
}

function objectOf(value: unknown, at: string): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ConfigurationError(`${at}: must be an object`);
  }
  return value as Fields;
}

function refuseUnknown(fields: Fields, at: string, names: readonly string[]): void {
  for (const name of Object.keys(fields)) {
    if (!names.includes(name)) throw new ConfigurationError(`${at}${name}: not supported`);
  }
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new ConfigurationError(`${name}: must be a string`);
  return value;
}

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new ConfigurationError(`${name}: must be a number`);
  return value;
}

function durationOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (value === undefined || value === null) return 0;
  try {
    return parseDuration(String(value));
  } catch (e) {
    throw new ConfigurationError(`${name}: ${(e as Error).message}`);
  }
}

function listOf(fields: Fields, name: string): string[] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new ConfigurationError(`${name}: must be a list`);
  return value.length === 0 ? undefined : value.map(String);
}
