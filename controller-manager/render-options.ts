/**
 * `/configz`: the settings that are acted on, under the names of KubeControllerManagerConfiguration
 * v1alpha1, most of which are capitalised.
 */
import { formatDuration } from '../machinery/meta/times.ts';
import type { ControllerManagerOptions } from './options.ts';

/** By the name that upstream's controller manager gives its own. Keys are not among it. */
export function renderOptions(o: ControllerManagerOptions): Record<string, unknown> {
  const { leaderElection: l } = o;
  return {
    'kubecontrollermanager.config.k8s.io': {
      kind: 'KubeControllerManagerConfiguration',
      apiVersion: 'kubecontrollermanager.config.k8s.io/v1alpha1',
      Generic: {
        LeaderElection: {
          leaderElect: l.leaderElect,
          leaseDuration: formatDuration(l.leaseDurationMs),
          renewDeadline: formatDuration(l.renewDeadlineMs),
          retryPeriod: formatDuration(l.retryPeriodMs),
          resourceLock: 'leases',
          resourceName: l.resourceName,
          resourceNamespace: l.resourceNamespace,
        },
        Controllers: o.controllers,
      },
      KubeCloudShared: {
        AllocateNodeCIDRs: o.allocateNodeCidrs,
        ClusterCIDR: o.clusterCidrs.join(','),
        NodeMonitorPeriod: formatDuration(o.nodeMonitorPeriodMs),
        UseServiceAccountCredentials: o.useServiceAccountCredentials,
      },
      ...controllers(o),
    },
  };
}

function controllers(o: ControllerManagerOptions): Record<string, object> {
  return {
    CSRSigningController: { ClusterSigningDuration: formatDuration(o.clusterSigningDurationMs) },
    CronJobController: { ConcurrentCronJobSyncs: o.concurrentCronJobSyncs },
    DaemonSetController: { ConcurrentDaemonSetSyncs: o.concurrentDaemonSetSyncs },
    DeploymentController: { ConcurrentDeploymentSyncs: o.concurrentDeploymentSyncs },
    EndpointController: { ConcurrentEndpointSyncs: o.concurrentEndpointSyncs },
    EndpointSliceController: {
      ConcurrentServiceEndpointSyncs: o.concurrentServiceEndpointSyncs,
      MaxEndpointsPerSlice: o.maxEndpointsPerSlice,
    },
    EndpointSliceMirroringController: {
      MirroringConcurrentServiceEndpointSyncs: o.mirroringConcurrentServiceEndpointSyncs,
      MirroringMaxEndpointsPerSubset: o.mirroringMaxEndpointsPerSubset,
    },
    GarbageCollectorController: {
      EnableGarbageCollector: o.enableGarbageCollector,
      ConcurrentGCSyncs: o.concurrentGcSyncs,
    },
    JobController: { ConcurrentJobSyncs: o.concurrentJobSyncs },
    NamespaceController: { ConcurrentNamespaceSyncs: o.concurrentNamespaceSyncs },
    NodeIPAMController: {
      ServiceCIDR: o.serviceClusterIpRanges[0] ?? '',
      SecondaryServiceCIDR: o.serviceClusterIpRanges[1] ?? '',
      NodeCIDRMaskSizeIPv4: o.nodeCidrMaskSizeIpv4,
      NodeCIDRMaskSizeIPv6: o.nodeCidrMaskSizeIpv6,
    },
    NodeLifecycleController: {
      NodeEvictionRate: o.nodeEvictionRate,
      SecondaryNodeEvictionRate: o.secondaryNodeEvictionRate,
      NodeStartupGracePeriod: formatDuration(o.nodeStartupGracePeriodMs),
      NodeMonitorGracePeriod: formatDuration(o.nodeMonitorGracePeriodMs),
      LargeClusterSizeThreshold: o.largeClusterSizeThreshold,
      UnhealthyZoneThreshold: o.unhealthyZoneThreshold,
    },
    PodGCController: { TerminatedPodGCThreshold: o.terminatedPodGcThreshold },
    ReplicaSetController: { ConcurrentRSSyncs: o.concurrentReplicaSetSyncs },
    ReplicationController: { ConcurrentRCSyncs: o.concurrentRcSyncs },
    ResourceQuotaController: {
      ResourceQuotaSyncPeriod: formatDuration(o.resourceQuotaSyncPeriodMs),
      ConcurrentResourceQuotaSyncs: o.concurrentResourceQuotaSyncs,
    },
    SAController: { ConcurrentSATokenSyncs: o.concurrentServiceAccountTokenSyncs },
    StatefulSetController: { ConcurrentStatefulSetSyncs: o.concurrentStatefulSetSyncs },
    TTLAfterFinishedController: { ConcurrentTTLSyncs: o.concurrentTtlAfterFinishedSyncs },
  };
}
