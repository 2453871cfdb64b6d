/** The controller manager's settings; names and defaults are those of kube-controller-manager. */

export interface LeaderElectionSettings {
  readonly leaderElect: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly resourceName: string;
  readonly resourceNamespace: string;
}

export interface ControllerManagerOptions {
  /** `--controllers`: names, `*` for all that are on by default, `-name` for off. */
  readonly controllers: readonly string[];
  readonly leaderElection: LeaderElectionSettings;

  readonly allocateNodeCidrs: boolean;
  /** `--cluster-cidr`: pod address ranges, one per IP family. */
  readonly clusterCidrs: readonly string[];
  readonly serviceClusterIpRanges: readonly string[];
  readonly nodeCidrMaskSizeIpv4: number;
  readonly nodeCidrMaskSizeIpv6: number;

  /** PEM texts; undefined when the flag is not given. */
  readonly serviceAccountPrivateKey: string | undefined;
  readonly useServiceAccountCredentials: boolean;
  readonly rootCa: string | undefined;
  readonly clusterSigningCert: string | undefined;
  readonly clusterSigningKey: string | undefined;
  readonly clusterSigningDurationMs: number;

  readonly nodeMonitorPeriodMs: number;
  readonly nodeMonitorGracePeriodMs: number;
  readonly nodeStartupGracePeriodMs: number;
  readonly nodeEvictionRate: number;
  readonly secondaryNodeEvictionRate: number;
  readonly unhealthyZoneThreshold: number;
  readonly largeClusterSizeThreshold: number;
  readonly terminatedPodGcThreshold: number;
  readonly resourceQuotaSyncPeriodMs: number;
  readonly enableGarbageCollector: boolean;
  readonly mirroringMaxEndpointsPerSubset: number;
  readonly maxEndpointsPerSlice: number;

  readonly concurrentDeploymentSyncs: number;
  readonly concurrentReplicaSetSyncs: number;
  readonly concurrentRcSyncs: number;
  readonly concurrentStatefulSetSyncs: number;
  readonly concurrentDaemonSetSyncs: number;
  readonly concurrentJobSyncs: number;
  readonly concurrentCronJobSyncs: number;
  readonly concurrentEndpointSyncs: number;
  readonly concurrentServiceEndpointSyncs: number;
  readonly mirroringConcurrentServiceEndpointSyncs: number;
  readonly concurrentNamespaceSyncs: number;
  readonly concurrentGcSyncs: number;
  readonly concurrentResourceQuotaSyncs: number;
  readonly concurrentServiceAccountTokenSyncs: number;
  readonly concurrentTtlAfterFinishedSyncs: number;
}

/** What holds when no flag is given. */
export const defaultOptions: ControllerManagerOptions = {
  controllers: ['*'],
  leaderElection: {
    leaderElect: true,
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
    resourceName: 'kube-controller-manager',
    resourceNamespace: 'kube-system',
  },
  allocateNodeCidrs: false,
  clusterCidrs: [],
  serviceClusterIpRanges: [],
  nodeCidrMaskSizeIpv4: 24,
  nodeCidrMaskSizeIpv6: 64,
  serviceAccountPrivateKey: undefined,
  useServiceAccountCredentials: false,
  rootCa: undefined,
  clusterSigningCert: undefined,
  clusterSigningKey: undefined,
  clusterSigningDurationMs: 365 * 24 * 3_600_000,
  nodeMonitorPeriodMs: 5_000,
  nodeMonitorGracePeriodMs: 50_000,
  nodeStartupGracePeriodMs: 60_000,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
  terminatedPodGcThreshold: 12_500,
  resourceQuotaSyncPeriodMs: 5 * 60_000,
  enableGarbageCollector: true,
  mirroringMaxEndpointsPerSubset: 1000,
  maxEndpointsPerSlice: 100,
  concurrentDeploymentSyncs: 5,
  concurrentReplicaSetSyncs: 5,
  concurrentRcSyncs: 5,
  concurrentStatefulSetSyncs: 5,
  concurrentDaemonSetSyncs: 2,
  concurrentJobSyncs: 5,
  concurrentCronJobSyncs: 5,
  concurrentEndpointSyncs: 5,
  concurrentServiceEndpointSyncs: 5,
  mirroringConcurrentServiceEndpointSyncs: 5,
  concurrentNamespaceSyncs: 10,
  concurrentGcSyncs: 20,
  concurrentResourceQuotaSyncs: 5,
  concurrentServiceAccountTokenSyncs: 5,
  concurrentTtlAfterFinishedSyncs: 5,
};
