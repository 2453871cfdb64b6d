/**
 * Reads KubeletConfiguration files. Every field is either acted on, or accepted only with the
 * value that means nothing; anything else is refused by name.
 */
import { parse } from 'yaml';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { parseQuantity } from '../../machinery/meta/quantity.ts';
import { parseDuration } from '../../machinery/meta/times.ts';
import type { Taint } from '../../machinery/schema/wire.ts';
import {
  defaultConfiguration,
  type KubeletConfiguration,
  type Threshold,
} from './configuration.ts';

/** A configuration that cannot be honoured; the message names the field. */
export class ConfigurationError extends Error {}

type Mutable = { -readonly [K in keyof KubeletConfiguration]: KubeletConfiguration[K] };
type Reader = (value: unknown, out: Mutable, path: string) => void;

function fail(path: string, why: string): never {
  throw new ConfigurationError(`KubeletConfiguration: ${path}: ${why}`);
}

const asText = (v: unknown, path: string): string =>
  typeof v === 'string' ? v : fail(path, 'must be a string');
const asBool = (v: unknown, path: string): boolean =>
  typeof v === 'boolean' ? v : fail(path, 'must be true or false');
const asNumber = (v: unknown, path: string): number =>
  typeof v === 'number' && Number.isFinite(v) ? v : fail(path, 'must be a number');
const asTexts = (v: unknown, path: string): string[] =>
  Array.isArray(v) ? v.map((e) => asText(e, path)) : fail(path, 'must be a list of strings');
const asMap = (v: unknown, path: string): Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v)
    ? (v as Record<string, unknown>)
    : fail(path, 'must be an object');

function asMs(v: unknown, path: string): number {
  if (typeof v === 'number') return v / 1e6;
  try {
    return parseDuration(asText(v, path));
  } catch {
    return fail(path, `${JSON.stringify(v)} is not a duration`);
  }
}

function asBytes(v: unknown, path: string): number {
  try {
    return parseQuantity(String(v)).toNumber();
  } catch {
    return fail(path, `${JSON.stringify(v)} is not a quantity`);
  }
}

function asQuantities(v: unknown, path: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asMap(v, path)).map(([k, q]) => {
      asBytes(q, `${path}.${k}`);
      return [k, String(q)];
    }),
  );
}

const signals = new Set([
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
]);

/** `10%` or an amount. */
export function parseThreshold(text: string, path: string): Threshold {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  return percent === undefined ? { bytes: asBytes(text, path) } : { share: Number(percent) / 100 };
}

function asThresholds(v: unknown, path: string): Record<string, Threshold> {
  return Object.fromEntries(
    Object.entries(asMap(v, path)).map(([signal, value]) => {
      if (!signals.has(signal)) fail(`${path}.${signal}`, 'is not a signal of this kubelet');
      return [signal, parseThreshold(String(value), `${path}.${signal}`)];
    }),
  );
}

/** Sets one field of the result after reading it. */
function into<K extends keyof Mutable>(
  key: K,
  read: (v: unknown, path: string) => Mutable[K],
): Reader {
  return (value, out, path) => {
    out[key] = read(value, path);
  };
}

function oneOf<T extends string>(...values: T[]): (v: unknown, path: string) => T {
  return (v, path) =>
    values.includes(v as T) ? (v as T) : fail(path, `must be one of ${values.join(', ')}`);
}

/** Reads the fields of a section by their own readers. */
function section(fields: Record<string, Reader>): Reader {
  return (value, out, path) => {
    for (const [name, v] of Object.entries(asMap(value, path))) {
      const reader = fields[name];
      if (reader === undefined) fail(`${path}.${name}`, 'is not supported by this kubelet');
      if (!isUnset(v)) reader(v, out, `${path}.${name}`);
    }
  };
}

function auth<K extends keyof Mutable['authentication']>(
  key: K,
  read: (v: unknown, path: string) => Mutable['authentication'][K],
): Reader {
  return (v, out, path) => {
    out.authentication = { ...out.authentication, [key]: read(v, path) };
  };
}

function authz<K extends keyof Mutable['authorization']>(
  key: K,
  read: (v: unknown, path: string) => Mutable['authorization'][K],
): Reader {
  return (v, out, path) => {
    out.authorization = { ...out.authorization, [key]: read(v, path) };
  };
}

/** Fields that are acted on. */
const readers: Record<string, Reader> = {
  enableServer: into('enableServer', asBool),
  address: into('address', asText),
  port: into('port', asNumber),
  tlsCertFile: into('tlsCertFile', asText),
  tlsPrivateKeyFile: into('tlsPrivateKeyFile', asText),
  tlsMinVersion: into(
    'tlsMinVersion',
    oneOf('', 'VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'),
  ),
  tlsCipherSuites: into('tlsCipherSuites', asTexts),
  authentication: section({
    x509: section({ clientCAFile: auth('clientCaFile', asText) }),
    webhook: section({
      enabled: auth('webhook', asBool),
      cacheTTL: auth('webhookCacheMs', asMs),
    }),
    anonymous: section({ enabled: auth('anonymous', asBool) }),
  }),
  authorization: section({
    mode: authz('mode', oneOf('Webhook', 'AlwaysAllow')),
    webhook: section({
      cacheAuthorizedTTL: authz('authorizedMs', asMs),
      cacheUnauthorizedTTL: authz('unauthorizedMs', asMs),
    }),
  }),
  enableDebuggingHandlers: into('enableDebuggingHandlers', asBool),
  streamingConnectionIdleTimeout: into('streamingConnectionIdleTimeoutMs', asMs),
  healthzPort: into('healthzPort', asNumber),
  healthzBindAddress: into('healthzBindAddress', asText),
  staticPodPath: into('staticPodPath', asText),
  fileCheckFrequency: into('fileCheckFrequencyMs', asMs),
  oomScoreAdj: into('oomScoreAdj', asNumber),
  clusterDomain: into('clusterDomain', asText),
  clusterDNS: into('clusterDns', asTexts),
  resolvConf: into('resolvConf', asText),
  nodeStatusUpdateFrequency: into('nodeStatusUpdateFrequencyMs', asMs),
  nodeStatusReportFrequency: into('nodeStatusReportFrequencyMs', asMs),
  nodeLeaseDurationSeconds: into('nodeLeaseDurationSeconds', asNumber),
  nodeStatusMaxImages: into('nodeStatusMaxImages', asNumber),
  registerNode: into('registerNode', asBool),
  registerWithTaints: into('registerWithTaints', (v, path) =>
    Array.isArray(v) ? (v as Taint[]) : fail(path, 'must be a list of taints'),
  ),
  providerID: into('providerId', asText),
  enableControllerAttachDetach: into('enableControllerAttachDetach', asBool),
  containerRuntimeEndpoint: into('containerRuntimeEndpoint', asText),
  runtimeRequestTimeout: into('runtimeRequestTimeoutMs', asMs),
  imageMinimumGCAge: into('imageMinimumGcAgeMs', asMs),
  imageMaximumGCAge: into('imageMaximumGcAgeMs', asMs),
  imageGCHighThresholdPercent: into('imageGcHighThresholdPercent', asNumber),
  imageGCLowThresholdPercent: into('imageGcLowThresholdPercent', asNumber),
  serializeImagePulls: into('serializeImagePulls', asBool),
  maxParallelImagePulls: (v, out, path) => {
    out.maxParallelImagePulls = asNumber(v, path);
    out.serializeImagePulls = out.maxParallelImagePulls === 1;
  },
  cgroupRoot: into('cgroupRoot', asText),
  cgroupDriver: into('cgroupDriver', oneOf('cgroupfs', 'systemd')),
  cpuCFSQuota: into('cpuCfsQuota', asBool),
  cpuCFSQuotaPeriod: into('cpuCfsQuotaPeriodMs', asMs),
  podPidsLimit: into('podPidsLimit', asNumber),
  singleProcessOOMKill: into('singleProcessOomKill', asBool),
  maxPods: into('maxPods', asNumber),
  podsPerCore: into('podsPerCore', asNumber),
  podCIDR: into('podCidr', asText),
  systemReserved: into('systemReserved', asQuantities),
  kubeReserved: into('kubeReserved', asQuantities),
  enforceNodeAllocatable: into('enforceNodeAllocatable', (v, path) =>
    asTexts(v, path).map(oneOfPods(path)),
  ),
  evictionHard: into('evictionHard', asThresholds),
  evictionPressureTransitionPeriod: into('evictionPressureTransitionPeriodMs', asMs),
  failSwapOn: into('failSwapOn', asBool),
  failCgroupV1: into('failCgroupV1', asBool),
  containerLogMaxSize: into('containerLogMaxSizeBytes', asBytes),
  containerLogMaxFiles: into('containerLogMaxFiles', asNumber),
  containerLogMonitorInterval: into('containerLogMonitorIntervalMs', asMs),
  allowedUnsafeSysctls: into('allowedUnsafeSysctls', asTexts),
  seccompDefault: into('seccompDefault', asBool),
  podLogsDir: into('podLogsDir', asText),
  crashLoopBackOff: section({
    maxContainerRestartPeriod: into('maxContainerRestartPeriodMs', asMs),
  }),
};

function oneOfPods(path: string): (v: string) => string {
  return (v) => (v === 'pods' || v === 'none' ? v : fail(path, `${v} is not supported`));
}

/** Fields that are not acted on, with the values that leave things as they are. */
const inert: Record<string, readonly unknown[]> = {
  syncFrequency: ['1m0s', '1m'],
  httpCheckFrequency: ['20s'],
  readOnlyPort: [],
  rotateCertificates: [false],
  serverTLSBootstrap: [false],
  registryPullQPS: [5],
  registryBurst: [10],
  eventRecordQPS: [50],
  eventBurst: [100],
  volumeStatsAggPeriod: ['1m0s', '1m'],
  cgroupsPerQOS: [true],
  cpuManagerPolicy: ['none'],
  cpuManagerReconcilePeriod: ['10s'],
  memoryManagerPolicy: ['None'],
  topologyManagerPolicy: ['none'],
  topologyManagerScope: ['container'],
  hairpinMode: ['promiscuous-bridge', 'hairpin-veth', 'none'],
  maxOpenFiles: [1_000_000],
  contentType: ['application/json', 'application/vnd.kubernetes.protobuf'],
  kubeAPIQPS: [50],
  kubeAPIBurst: [100],
  mergeDefaultEvictionSettings: [false],
  makeIPTablesUtilChains: [true, false],
  iptablesMasqueradeBit: [14],
  iptablesDropBit: [15],
  containerLogMaxWorkers: [1],
  configMapAndSecretChangeDetectionStrategy: ['Watch'],
  volumePluginDir: ['/usr/libexec/kubernetes/kubelet-plugins/volume/exec/'],
  protectKernelDefaults: [false],
  runOnce: [false],
  enableContentionProfiling: [false],
  kernelMemcgNotification: [false],
  enableSystemLogHandler: [true, false],
  enableSystemLogQuery: [false],
  enableProfilingHandler: [true, false],
  enableDebugFlagsHandler: [true, false],
  memoryThrottlingFactor: [0.9],
  memoryReservationPolicy: ['None'],
  localStorageCapacityIsolation: [true],
  imagePullCredentialsVerificationPolicy: ['NeverVerifyPreloadedImages', 'NeverVerify'],
  logging: [
    { format: 'text' },
    { format: 'json' },
    { flushFrequency: 0, options: { json: { infoBufferSize: '0' } }, verbosity: 0 },
  ],
};

/** A duration that was not set is written as zero too. */
function isUnset(value: unknown): boolean {
  return value === null || value === '0s';
}

/** Zero values of Go: a field that carries one was not set. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === 0 || value === '' || value === '0s') {
    return true;
  }
  if (typeof value !== 'object') return false;
  return Object.values(value).every(isZero);
}

/** Reads a YAML or JSON file's text. Throws ConfigurationError. */
export function parseConfiguration(text: string): KubeletConfiguration {
  const file = asMap(parse(text, { version: '1.1' }) ?? {}, 'file');
  const { apiVersion, kind, ...fields } = file;
  if (apiVersion !== 'kubelet.config.k8s.io/v1beta1' || kind !== 'KubeletConfiguration') {
    fail(
      'kind',
      `expected kubelet.config.k8s.io/v1beta1 KubeletConfiguration, found ${apiVersion} ${kind}`,
    );
  }
  const out: Mutable = { ...defaultConfiguration() };
  for (const [name, value] of Object.entries(fields)) {
    const reader = readers[name];
    if (reader !== undefined) {
      // Go writes what is not set as zero, which stands for the default.
      if (!isUnset(value)) reader(value, out, name);
      continue;
    }
    const harmless = inert[name]?.some((v) => deepEqual(v, value)) ?? false;
    if (harmless || isZero(value)) continue;
    fail(name, `${JSON.stringify(value)} is not supported by this kubelet`);
  }
  if (fields['nodeStatusUpdateFrequency'] && !fields['nodeStatusReportFrequency']) {
    out.nodeStatusReportFrequencyMs = out.nodeStatusUpdateFrequencyMs;
  }
  return out;
}
