import assert from 'node:assert/strict';
import { parseConfiguration } from './configuration.ts';
import { renderConfiguration } from './render-configuration.ts';

describe('the configuration that a proxy shows', () => {
  it('is read as it is written', () => {
    const written = {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'nftables',
      metricsBindAddress: '[::1]:10249',
      nftables: { masqueradeAll: true, minSyncPeriod: '2s' },
      clusterCIDR: '10.1.0.0/16',
      detectLocalMode: 'ClusterCIDR',
    };
    const configuration = parseConfiguration(JSON.stringify(written));
    const shown = renderConfiguration(configuration)['kubeproxy.config.k8s.io'];
    assert.deepEqual(parseConfiguration(JSON.stringify(shown)), configuration);
  });
});
