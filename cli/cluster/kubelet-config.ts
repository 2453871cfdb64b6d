/** The node agent's configuration file (KubeletConfiguration v1beta1). */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterSettings, Layout } from './layout.ts';

export function writeKubeletConfig(settings: ClusterSettings, layout: Layout): void {
  mkdirSync(layout.kubelet, { recursive: true });
  const config = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    clusterDNS: [settings.clusterDns],
    clusterDomain: settings.clusterDomain,
    // A tree of its own that goes away at down; systemd leaves groups alone that it did not make.
    cgroupDriver: 'cgroupfs',
    cgroupRoot: layout.cgroup,
    podLogsDir: join(layout.root, 'pod-logs'),
    tlsCertFile: layout.pki('kubelet.crt'),
    tlsPrivateKeyFile: layout.pki('kubelet.key'),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: layout.pki('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    failSwapOn: false,
    resolvConf: resolvConf(),
  };
  writeFileSync(join(layout.kubelet, 'config.yaml'), `${JSON.stringify(config, null, 2)}\n`);
}

/** A resolver on loopback, as systemd's is, cannot be reached by pods: its own servers can. */
function resolvConf(): string {
  const usual = '/etc/resolv.conf';
  const behind = '/run/systemd/resolve/resolv.conf';
  if (!existsSync(usual)) return '';
  const local = /^nameserver\s+127\./m.test(readFileSync(usual, 'utf8'));
  return local && existsSync(behind) ? behind : usual;
}
