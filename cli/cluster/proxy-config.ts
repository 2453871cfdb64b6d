/** The service proxy's configuration file (KubeProxyConfiguration v1alpha1). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterSettings, Layout } from './layout.ts';

export const proxyConfigFile = (layout: Layout): string => join(layout.root, 'proxy.yaml');

export function writeProxyConfig(settings: ClusterSettings, layout: Layout): void {
  const config = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    // What does not come from a pod is masqueraded, so that answers find the way back.
    clusterCIDR: settings.podCidr,
    detectLocalMode: 'ClusterCIDR',
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
  };
  writeFileSync(proxyConfigFile(layout), `${JSON.stringify(config, null, 2)}\n`);
}
