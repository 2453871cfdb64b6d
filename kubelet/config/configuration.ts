/**
 * KubeletConfiguration (kubelet.config.k8s.io/v1beta1): what of it this kubelet acts on, with
 * upstream's defaults. Durations are milliseconds, sizes bytes.
 */
import type { Taint } from '../../machinery/schema/wire.ts';

/** A threshold of evictionHard: an amount or a share of the whole. */
export type Threshold = { readonly bytes: number } | { readonly share: number };

export interface KubeletConfiguration {
  readonly enableServer: boolean;
  readonly address: string;
  readonly port: number;
  readonly tlsCertFile: string;
  readonly tlsPrivateKeyFile: string;
  readonly tlsMinVersion: string;
  readonly tlsCipherSuites: readonly string[];
  readonly authentication: {
    readonly clientCaFile: string;
    readonly webhook: boolean;
    readonly webhookCacheMs: number;
    readonly anonymous: boolean;
  };
  readonly authorization: {
    readonly mode: 'Webhook' | 'AlwaysAllow';
    readonly authorizedMs: number;
    readonly unauthorizedMs: number;
  };
  readonly enableDebuggingHandlers: boolean;
  readonly streamingConnectionIdleTimeoutMs: number;
  readonly healthzPort: number;
  readonly healthzBindAddress: string;
  readonly staticPodPath: string;
  readonly fileCheckFrequencyMs: number;
  readonly oomScoreAdj: number;
  readonly clusterDomain: string;
  readonly clusterDns: readonly string[];
  /** '' for none. */
  readonly resolvConf: string;
  readonly nodeStatusUpdateFrequencyMs: number;
  readonly nodeStatusReportFrequencyMs: number;
  readonly nodeLeaseDurationSeconds: number;
  readonly nodeStatusMaxImages: number;
  readonly registerNode: boolean;
  readonly registerWithTaints: readonly Taint[];
  readonly providerId: string;
  readonly enableControllerAttachDetach: boolean;
  readonly containerRuntimeEndpoint: string;
  readonly runtimeRequestTimeoutMs: number;
  readonly imageMinimumGcAgeMs: number;
  readonly imageMaximumGcAgeMs: number;
  readonly imageGcHighThresholdPercent: number;
  readonly imageGcLowThresholdPercent: number;
  readonly serializeImagePulls: boolean;
  /** 0: as many as asked for, when pulls are not serialized. */
  readonly maxParallelImagePulls: number;
  readonly cgroupRoot: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly cpuCfsQuota: boolean;
  readonly cpuCfsQuotaPeriodMs: number;
  readonly podPidsLimit: number;
  readonly singleProcessOomKill: boolean;
  readonly maxPods: number;
  readonly podsPerCore: number;
  readonly podCidr: string;
  readonly systemReserved: Readonly<Record<string, string>>;
  readonly kubeReserved: Readonly<Record<string, string>>;
  readonly enforceNodeAllocatable: readonly string[];
  readonly evictionHard: Readonly<Record<string, Threshold>>;
  readonly evictionPressureTransitionPeriodMs: number;
  readonly failSwapOn: boolean;
  readonly failCgroupV1: boolean;
  readonly containerLogMaxSizeBytes: number;
  readonly containerLogMaxFiles: number;
  readonly containerLogMonitorIntervalMs: number;
  readonly allowedUnsafeSysctls: readonly string[];
  readonly seccompDefault: boolean;
  readonly podLogsDir: string;
  readonly maxContainerRestartPeriodMs: number;
}

const seconds = 1000;
const minutes = 60 * seconds;

/** Upstream's default for evictionHard on Linux. */
export const defaultEvictionHard: Readonly<Record<string, Threshold>> = {
  'memory.available': { bytes: 100 * 2 ** 20 },
  'nodefs.available': { share: 0.1 },
  'nodefs.inodesFree': { share: 0.05 },
  'imagefs.available': { share: 0.15 },
  'imagefs.inodesFree': { share: 0.05 },
};

/**
 * What holds where a file says nothing. One differs from upstream: cgroup v1 is accepted unless
 * `failCgroupV1` says otherwise.
 */
export function defaultConfiguration(): KubeletConfiguration {
  return {
    enableServer: true,
    address: '0.0.0.0',
    port: 10250,
    tlsCertFile: '',
    tlsPrivateKeyFile: '',
    tlsMinVersion: 'VersionTLS12',
    tlsCipherSuites: [],
    authentication: {
      clientCaFile: '',
      webhook: true,
      webhookCacheMs: 2 * minutes,
      anonymous: false,
    },
    authorization: { mode: 'Webhook', authorizedMs: 5 * minutes, unauthorizedMs: 30 * seconds },
    enableDebuggingHandlers: true,
    streamingConnectionIdleTimeoutMs: 4 * 60 * minutes,
    healthzPort: 10248,
    healthzBindAddress: '127.0.0.1',
    staticPodPath: '',
    fileCheckFrequencyMs: 20 * seconds,
    oomScoreAdj: -999,
    clusterDomain: '',
    clusterDns: [],
    resolvConf: '/etc/resolv.conf',
    nodeStatusUpdateFrequencyMs: 10 * seconds,
    nodeStatusReportFrequencyMs: 5 * minutes,
    nodeLeaseDurationSeconds: 40,
    nodeStatusMaxImages: 50,
    registerNode: true,
    registerWithTaints: [],
    providerId: '',
    enableControllerAttachDetach: true,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    runtimeRequestTimeoutMs: 2 * minutes,
    imageMinimumGcAgeMs: 2 * minutes,
    imageMaximumGcAgeMs: 0,
    imageGcHighThresholdPercent: 85,
    imageGcLowThresholdPercent: 80,
    serializeImagePulls: true,
    maxParallelImagePulls: 0,
    cgroupRoot: '',
    cgroupDriver: 'cgroupfs',
    cpuCfsQuota: true,
    cpuCfsQuotaPeriodMs: 100,
    podPidsLimit: -1,
    singleProcessOomKill: false,
    maxPods: 110,
    podsPerCore: 0,
    podCidr: '',
    systemReserved: {},
    kubeReserved: {},
    enforceNodeAllocatable: ['pods'],
    evictionHard: defaultEvictionHard,
    evictionPressureTransitionPeriodMs: 5 * minutes,
    failSwapOn: true,
    failCgroupV1: false,
    containerLogMaxSizeBytes: 10 * 2 ** 20,
    containerLogMaxFiles: 5,
    containerLogMonitorIntervalMs: 10 * seconds,
    allowedUnsafeSysctls: [],
    seccompDefault: false,
    podLogsDir: '/var/log/pods',
    maxContainerRestartPeriodMs: 300 * seconds,
  };
}
