/**
 * Command-line flags with upstream's names. Those that have a field in KubeletConfiguration
 * override the file; a flag that is not in the table does not exist.
 */
import type { Taint } from '../../machinery/schema/wire.ts';
import type { KubeletConfiguration } from './configuration.ts';
import { ConfigurationError, parseThreshold } from './parse-configuration.ts';

/** What is not in the configuration file. */
export interface KubeletIdentity {
  readonly kubeconfig: string | undefined;
  readonly config: string | undefined;
  /** Of the node; '' for the machine's. */
  readonly hostnameOverride: string;
  readonly nodeIps: readonly string[];
  readonly rootDir: string;
  readonly certDir: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  /**
   * Where the kubelet writes a CNI configuration for the node's pod CIDR; undefined: networks are
   * somebody else's (another CNI plugin's) to set up.
   */
  readonly cniConfDir: string | undefined;
  readonly cniBinDir: string;
  readonly networkPluginMtu: number;
}

export function defaultIdentity(): KubeletIdentity {
  return {
    kubeconfig: undefined,
    config: undefined,
    hostnameOverride: '',
    nodeIps: [],
    rootDir: '/var/lib/kubelet',
    certDir: '',
    nodeLabels: {},
    cniConfDir: undefined,
    cniBinDir: '/opt/cni/bin',
    networkPluginMtu: 0,
  };
}

interface Settings {
  identity: { -readonly [K in keyof KubeletIdentity]: KubeletIdentity[K] };
  configuration: { -readonly [K in keyof KubeletConfiguration]: KubeletConfiguration[K] };
}

export interface KubeletFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly value: string;
  readonly help: string;
  readonly apply: (text: string, settings: Settings) => void;
}

function bad(name: string, text: string, what: string): never {
  throw new ConfigurationError(`--${name}: ${JSON.stringify(text)} is not ${what}`);
}

function toNumber(name: string, text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : bad(name, text, 'a number');
}

function toBool(name: string, text: string): boolean {
  if (text === '' || text === 'true') return true;
  return text === 'false' ? false : bad(name, text, 'true or false');
}

const list = (text: string): string[] => text.split(',').filter((s) => s !== '');

function pairs(name: string, text: string): Record<string, string> {
  return Object.fromEntries(
    list(text).map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) bad(name, pair, 'KEY=VALUE');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** `key=value:Effect,key:Effect`. */
function taints(name: string, text: string): Taint[] {
  return list(text).map((part) => {
    const m = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(part);
    if (m === null) return bad(name, part, 'KEY=VALUE:EFFECT');
    return { key: m[1]!, ...(m[2] ? { value: m[2] } : {}), effect: m[3]! };
  });
}

type Config = Settings['configuration'];
type Keys<T> = { [K in keyof Config]: Config[K] extends T ? K : never }[keyof Config];

const text = (name: string, key: Keys<string>, help: string): KubeletFlag => ({
  name,
  value: '<text>',
  help,
  apply: (v, { configuration }) => {
    (configuration as Record<string, unknown>)[key] = v;
  },
});
const number = (name: string, key: Keys<number>, help: string): KubeletFlag => ({
  name,
  value: '<number>',
  help,
  apply: (v, { configuration }) => {
    (configuration as Record<string, unknown>)[key] = toNumber(name, v);
  },
});
const bool = (name: string, key: Keys<boolean>, help: string): KubeletFlag => ({
  name,
  value: '[true|false]',
  help,
  apply: (v, { configuration }) => {
    (configuration as Record<string, unknown>)[key] = toBool(name, v);
  },
});
const of = (
  name: string,
  value: string,
  help: string,
  apply: (text: string, settings: Settings) => void,
): KubeletFlag => ({ name, value, help, apply });

/** Every flag there is. */
export const kubeletFlags: readonly KubeletFlag[] = [
  of('kubeconfig', '<file>', 'how to reach the API server', (v, s) => {
    s.identity.kubeconfig = v;
  }),
  of('config', '<file>', 'KubeletConfiguration v1beta1', (v, s) => {
    s.identity.config = v;
  }),
  of('hostname-override', '<name>', "the node's name instead of the host's", (v, s) => {
    s.identity.hostnameOverride = v;
  }),
  of('node-ip', '<address,address>', "the node's addresses, one per family", (v, s) => {
    s.identity.nodeIps = list(v);
  }),
  of('root-dir', '<folder>', "the kubelet's files: volumes and more", (v, s) => {
    s.identity.rootDir = v;
  }),
  of('cert-dir', '<folder>', 'where a serving certificate of its own is kept', (v, s) => {
    s.identity.certDir = v;
  }),
  of('node-labels', '<key=value,…>', 'labels to register the node with', (v, s) => {
    s.identity.nodeLabels = pairs('node-labels', v);
  }),
  of('cni-conf-dir', '<folder>', 'write a CNI configuration for the pod CIDR here', (v, s) => {
    s.identity.cniConfDir = v;
  }),
  of('cni-bin-dir', '<folder>', 'where the CNI plugins are', (v, s) => {
    s.identity.cniBinDir = v;
  }),
  of('network-plugin-mtu', '<bytes>', 'MTU of the pod network', (v, s) => {
    s.identity.networkPluginMtu = toNumber('network-plugin-mtu', v);
  }),
  of('register-with-taints', '<key=value:effect,…>', 'taints to register with', (v, s) => {
    s.configuration.registerWithTaints = taints('register-with-taints', v);
  }),
  of('cluster-dns', '<address,…>', 'name servers of pods', (v, s) => {
    s.configuration.clusterDns = list(v);
  }),
  of('allowed-unsafe-sysctls', '<pattern,…>', 'sysctls pods may set', (v, s) => {
    s.configuration.allowedUnsafeSysctls = list(v);
  }),
  of('client-ca-file', '<file>', 'whose client certificates are trusted', (v, s) => {
    s.configuration.authentication = { ...s.configuration.authentication, clientCaFile: v };
  }),
  of('anonymous-auth', '[true|false]', 'answer those who do not say who they are', (v, s) => {
    const anonymous = toBool('anonymous-auth', v);
    s.configuration.authentication = { ...s.configuration.authentication, anonymous };
  }),
  of('authentication-token-webhook', '[true|false]', 'check tokens at the API', (v, s) => {
    const webhook = toBool('authentication-token-webhook', v);
    s.configuration.authentication = { ...s.configuration.authentication, webhook };
  }),
  of('authorization-mode', '<Webhook|AlwaysAllow>', 'who may do what', (v, s) => {
    if (v !== 'Webhook' && v !== 'AlwaysAllow') bad('authorization-mode', v, 'a mode');
    s.configuration.authorization = { ...s.configuration.authorization, mode: v };
  }),
  of('cgroup-driver', '<cgroupfs|systemd>', 'who makes control groups', (v, s) => {
    if (v !== 'cgroupfs' && v !== 'systemd') bad('cgroup-driver', v, 'a driver');
    s.configuration.cgroupDriver = v;
  }),
  of('enforce-node-allocatable', '<pods|none>', 'limit pods to what is allocatable', (v, s) => {
    s.configuration.enforceNodeAllocatable = list(v);
  }),
  of('system-reserved', '<cpu=…,memory=…>', 'kept for the system', (v, s) => {
    s.configuration.systemReserved = pairs('system-reserved', v);
  }),
  of('kube-reserved', '<cpu=…,memory=…>', 'kept for Kubernetes', (v, s) => {
    s.configuration.kubeReserved = pairs('kube-reserved', v);
  }),
  of('eviction-hard', '<signal<amount,…>', 'when the node is under pressure', (v, s) => {
    s.configuration.evictionHard = Object.fromEntries(
      list(v).map((part) => {
        const [signal = '', amount = ''] = part.split('<');
        return [signal, parseThreshold(amount, `--eviction-hard ${signal}`)];
      }),
    );
  }),
  of('pod-manifest-path', '<folder>', 'manifests of static pods', (v, s) => {
    s.configuration.staticPodPath = v;
  }),
  text('address', 'address', 'where the server listens'),
  number('port', 'port', 'port of the server'),
  text('tls-cert-file', 'tlsCertFile', 'serving certificate'),
  text('tls-private-key-file', 'tlsPrivateKeyFile', 'key of that certificate'),
  text('tls-min-version', 'tlsMinVersion', 'VersionTLS12 or VersionTLS13'),
  number('healthz-port', 'healthzPort', 'port of the plain health endpoint, 0 for none'),
  text('healthz-bind-address', 'healthzBindAddress', 'where it listens'),
  text('container-runtime-endpoint', 'containerRuntimeEndpoint', 'socket of the CRI'),
  text('cluster-domain', 'clusterDomain', 'domain of the cluster'),
  text('resolv-conf', 'resolvConf', 'resolver configuration of the node'),
  text('cgroup-root', 'cgroupRoot', 'the group that pods are below'),
  text('pod-cidr', 'podCidr', 'addresses of pods when the API gives none'),
  text('provider-id', 'providerId', 'who the machine is to its provider'),
  bool('register-node', 'registerNode', 'make the Node object'),
  bool('fail-swap-on', 'failSwapOn', 'refuse to start with swap'),
  bool('fail-cgroupv1', 'failCgroupV1', 'refuse to start on cgroup v1'),
  bool('seccomp-default', 'seccompDefault', 'RuntimeDefault for pods that say nothing'),
  bool('serialize-image-pulls', 'serializeImagePulls', 'one pull at a time'),
  bool('cpu-cfs-quota', 'cpuCfsQuota', 'enforce CPU limits'),
  bool('enable-debugging-handlers', 'enableDebuggingHandlers', 'logs, exec and the like'),
  bool('enable-controller-attach-detach', 'enableControllerAttachDetach', 'see upstream'),
  number('max-pods', 'maxPods', 'pods that fit the node'),
  number('pods-per-core', 'podsPerCore', 'pods per core, 0 for no limit'),
  number('pod-max-pids', 'podPidsLimit', 'processes of a pod'),
  number('oom-score-adj', 'oomScoreAdj', 'of the kubelet itself'),
  number('node-status-max-images', 'nodeStatusMaxImages', 'images in the node status'),
  number('image-gc-high-threshold', 'imageGcHighThresholdPercent', 'disk use that starts it'),
  number('image-gc-low-threshold', 'imageGcLowThresholdPercent', 'disk use that ends it'),
  number('container-log-max-files', 'containerLogMaxFiles', 'log files kept of a container'),
];

/** Applies flags, in order, over an identity and a configuration. Throws ConfigurationError. */
export function applyFlags(
  flags: readonly (readonly [name: string, value: string])[],
  identity: KubeletIdentity,
  configuration: KubeletConfiguration,
): { identity: KubeletIdentity; configuration: KubeletConfiguration } {
  const settings: Settings = { identity: { ...identity }, configuration: { ...configuration } };
  for (const [name, value] of flags) {
    const flag = kubeletFlags.find((f) => f.name === name);
    if (flag === undefined) throw new ConfigurationError(`unknown flag: --${name}`);
    flag.apply(value, settings);
  }
  return settings;
}
