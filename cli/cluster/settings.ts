/** Settings of a cluster from flags, from what an earlier start chose, and from the machine. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import type { ClusterSettings } from './layout.ts';

/** Flags of `k8ts up`; what is not given is as before, or the default. */
export interface UpFlags {
  dataDir: string;
  securePort?: number;
  nodeName?: string;
  nodeIp?: string;
  serviceCidr?: string;
  podCidr?: string;
  clusterDns?: string;
  clusterDomain?: string;
  node: boolean;
  kubeconfig?: string;
  images?: string;
  logLevel: string;
}

type Kept = Pick<
  ClusterSettings,
  'securePort' | 'nodeName' | 'nodeIp' | 'serviceCidr' | 'podCidr' | 'clusterDns' | 'clusterDomain'
>;

/**
 * Decides, checks and remembers; the data directory exists. Throws an Error for what cannot change
 * after the first start.
 */
export function decideSettings(flags: UpFlags, dataDir: string): ClusterSettings {
  const file = join(dataDir, 'cluster.json');
  const kept: Partial<Kept> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const name of ['serviceCidr', 'podCidr', 'clusterDomain', 'nodeName'] as const) {
    const given = flags[name];
    if (given !== undefined && kept[name] !== undefined && given !== kept[name]) {
      throw new Error(
        `${name} of this cluster is ${kept[name]} and cannot become ${given}: use another --data-dir`,
      );
    }
  }
  const serviceCidr = flags.serviceCidr ?? kept.serviceCidr ?? '10.96.0.0/16';
  const chosen: Kept = {
    securePort: flags.securePort ?? kept.securePort ?? 6443,
    nodeName: (flags.nodeName ?? kept.nodeName ?? hostname()).toLowerCase(),
    nodeIp: flags.nodeIp ?? machineAddress(kept.nodeIp),
    serviceCidr,
    podCidr: flags.podCidr ?? kept.podCidr ?? '10.244.0.0/16',
    clusterDns: flags.clusterDns ?? kept.clusterDns ?? tenth(serviceCidr),
    clusterDomain: flags.clusterDomain ?? kept.clusterDomain ?? 'cluster.local',
  };
  writeFileSync(file, `${JSON.stringify(chosen, null, 2)}\n`);
  return {
    ...chosen,
    dataDir,
    withoutNode: !flags.node,
    kubeconfig: resolve(flags.kubeconfig ?? join(dataDir, 'kubeconfig/admin.conf')),
    images: flags.images === undefined ? undefined : resolve(flags.images),
    logLevel: flags.logLevel,
  };
}

/** Makes the data directory and the one for what runs. Throws an Error with a line for people. */
export function makeDataDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o711 });
    accessSync(dir, constants.W_OK);
    mkdirSync(join(dir, 'run'), { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `cannot write to ${dir} (${code}): choose another place with --data-dir, or run as root`,
    );
  }
}

/** The address used before when it is still there, else that of the first real interface. */
function machineAddress(before: string | undefined): string {
  const found = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? [])
      .filter((a) => a.family === 'IPv4' && !a.internal)
      .map((a) => ({ name, address: a.address })),
  );
  if (before !== undefined && found.some((a) => a.address === before)) return before;
  // Bridges of container runtimes are not how others reach this machine.
  const real = found.filter((a) => !/^(docker|cni|br-|veth|virbr|k8ts)/.test(a.name));
  return (real[0] ?? found[0])?.address ?? '127.0.0.1';
}

/** By convention cluster DNS has the tenth address of the service range. */
function tenth(cidr: string): string {
  const parts = cidr.split('/')[0]!.split('.').map(Number);
  parts[3]! += 10;
  return parts.join('.');
}
