/** `/configz`: the settings that are acted on, under the names of KubeProxyConfiguration v1alpha1. */
import { isIPv6 } from 'node:net';
import { formatDuration } from '../../machinery/meta/times.ts';
import type { DetectLocalMode, ListenAddress, ProxyConfiguration } from './configuration.ts';

/** By the name that upstream's proxy gives its own. */
export function renderConfiguration(c: ProxyConfiguration): Record<string, unknown> {
  return {
    'kubeproxy.config.k8s.io': {
      kind: 'KubeProxyConfiguration',
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      clientConnection: { kubeconfig: c.kubeconfig ?? '' },
      hostnameOverride: c.hostnameOverride ?? '',
      bindAddress: c.nodeIp ?? '0.0.0.0',
      healthzBindAddress: hostPort(c.healthz),
      metricsBindAddress: hostPort(c.metrics),
      mode: 'nftables',
      nftables: {
        masqueradeBit: c.masqueradeBit,
        masqueradeAll: c.masqueradeAll,
        syncPeriod: formatDuration(c.syncPeriodMs),
        minSyncPeriod: formatDuration(c.minSyncPeriodMs),
      },
      ...detection(c.detectLocal),
      nodePortAddresses: c.nodePortAddresses,
    },
  };
}

function detection(local: DetectLocalMode | undefined): object {
  if (local === undefined) return { detectLocalMode: '' };
  switch (local.mode) {
    case 'ClusterCIDR':
      return { detectLocalMode: local.mode, clusterCIDR: local.cidrs.join(',') };
    case 'NodeCIDR':
      return { detectLocalMode: local.mode };
    case 'BridgeInterface':
      return { detectLocalMode: local.mode, detectLocal: { bridgeInterface: local.bridge } };
    case 'InterfaceNamePrefix':
      return { detectLocalMode: local.mode, detectLocal: { interfaceNamePrefix: local.prefix } };
  }
}

function hostPort({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
