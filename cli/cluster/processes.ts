/** The processes of a one-machine cluster and their command lines. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterSettings, Layout } from './layout.ts';
import { cniFolder, dnsPort } from './preflight.ts';
import { proxyConfigFile } from './proxy-config.ts';

/** A process that the supervisor keeps running. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

function node(name: string, heapMb: number, ...args: string[]): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      // Young objects die young in all of these; a small nursery keeps resident memory small.
      '--max-semi-space-size=4',
      `--max-old-space-size=${heapMb}`,
      main,
      ...args,
    ],
  };
}

export function containerdProcess(layout: Layout): ProcessSpec {
  return {
    name: 'containerd',
    command: 'containerd',
    args: ['--config', join(layout.containerd, 'config.toml')],
  };
}

export function apiServerProcess(s: ClusterSettings, layout: Layout): ProcessSpec {
  const pki = (name: string) => layout.pki(name);
  return node(
    'apiserver',
    2048,
    'apiserver',
    ...flags({
      'data-dir': layout.store,
      'secure-port': String(s.securePort),
      'advertise-address': s.nodeIp,
      'tls-cert-file': pki('apiserver.crt'),
      'tls-private-key-file': pki('apiserver.key'),
      'client-ca-file': pki('ca.crt'),
      'service-account-key-file': pki('sa.pub'),
      'service-account-signing-key-file': pki('sa.key'),
      'service-account-issuer': `https://kubernetes.default.svc.${s.clusterDomain}`,
      'service-cluster-ip-range': s.serviceCidr,
      'allow-privileged': 'true',
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
      'kubelet-client-key': pki('apiserver-kubelet-client.key'),
      'kubelet-certificate-authority': pki('ca.crt'),
      'kubelet-preferred-address-types': 'InternalIP',
      'log-level': s.logLevel,
    }),
  );
}

/** Controller manager and scheduler in one process. */
export function controlProcess(s: ClusterSettings, layout: Layout): ProcessSpec {
  return node(
    'control',
    1024,
    'host',
    '--',
    'controller-manager',
    ...flags({
      kubeconfig: layout.kubeconfig('controller-manager'),
      'leader-elect': 'false',
      'bind-address': '127.0.0.1',
      'allocate-node-cidrs': 'true',
      'cluster-cidr': s.podCidr,
      'service-cluster-ip-range': s.serviceCidr,
      'service-account-private-key-file': layout.pki('sa.key'),
      'use-service-account-credentials': 'true',
      'root-ca-file': layout.pki('ca.crt'),
      'cluster-signing-cert-file': layout.pki('ca.crt'),
      'cluster-signing-key-file': layout.pki('ca.key'),
      'log-level': s.logLevel,
    }),
    '--',
    'scheduler',
    ...flags({
      kubeconfig: layout.kubeconfig('scheduler'),
      'leader-elect': 'false',
      'bind-address': '127.0.0.1',
      'log-level': s.logLevel,
    }),
  );
}

/** Kubelet, service proxy and cluster DNS in one process. */
export function nodeProcess(s: ClusterSettings, layout: Layout): ProcessSpec {
  return node(
    'node',
    1024,
    'host',
    '--',
    'kubelet',
    ...flags({
      kubeconfig: layout.kubeconfig('node'),
      config: join(layout.kubelet, 'config.yaml'),
      'root-dir': layout.kubelet,
      'hostname-override': s.nodeName,
      'node-ip': s.nodeIp,
      'cni-conf-dir': layout.netConf,
      'cni-bin-dir': cniFolder() ?? '/opt/cni/bin',
      'log-level': s.logLevel,
    }),
    '--',
    'proxy',
    ...flags({
      kubeconfig: layout.kubeconfig('proxy'),
      config: proxyConfigFile(layout),
      'hostname-override': s.nodeName,
      'log-level': s.logLevel,
    }),
    '--',
    'dns',
    ...flags({
      kubeconfig: layout.kubeconfig('dns'),
      'cluster-domain': s.clusterDomain,
      address: s.nodeIp,
      port: String(dnsPort),
      'cluster-dns': s.clusterDns,
      'hostname-override': s.nodeName,
      'health-port': '0',
      'ready-port': '0',
      'metrics-port': '0',
      'log-level': s.logLevel,
    }),
  );
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

/** All names, in the order to stop leftovers in. */
export const processNames: readonly string[] = ['node', 'control', 'apiserver', 'containerd'];
