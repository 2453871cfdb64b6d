/** What a one-machine cluster is made of: its settings and where its files stand. */
import { join } from 'node:path';

export interface ClusterSettings {
  readonly dataDir: string;
  readonly securePort: number;
  readonly nodeName: string;
  /** The address that pods and clients reach this machine by. */
  readonly nodeIp: string;
  readonly serviceCidr: string;
  readonly podCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** Only the control plane. */
  readonly withoutNode: boolean;
  /** Where to write the kubeconfig for people. */
  readonly kubeconfig: string;
  /** A folder of image archives to import at start; undefined: none. */
  readonly images: string | undefined;
  readonly logLevel: string;
}

/** Where a cluster of root lives. */
export const rootDataDir = '/var/lib/k8ts';

/** Paths below the data directory. */
export class Layout {
  readonly root: string;

  constructor(dataDir: string) {
    this.root = dataDir;
  }

  pki(name: string): string {
    return join(this.root, 'pki', name);
  }

  /** A component's kubeconfig. */
  kubeconfig(component: string): string {
    return join(this.root, 'kubeconfig', `${component}.conf`);
  }

  log(process: string): string {
    return join(this.root, 'logs', `${process}.log`);
  }

  pid(process: string): string {
    return join(this.root, 'run', `${process}.pid`);
  }

  /** The supervisor's socket: who listens on it owns the data directory. */
  get control(): string {
    return join(this.root, 'run', 'control.sock');
  }

  /** What the supervisor runs with. */
  get settings(): string {
    return join(this.root, 'run', 'settings.json');
  }

  /** What the machine was like before the node changed it. */
  get machineState(): string {
    return join(this.root, 'run', 'machine.json');
  }

  get store(): string {
    return join(this.root, 'store');
  }

  get containerd(): string {
    return join(this.root, 'containerd');
  }

  get containerdSocket(): string {
    return join(this.containerd, 'containerd.sock');
  }

  /** Where the node agent writes the network configuration that containerd reads. */
  get netConf(): string {
    return join(this.root, 'net.d');
  }

  get kubelet(): string {
    return join(this.root, 'kubelet');
  }

  /** The control group of all pods: one per data directory, so that no two nodes share it. */
  get cgroup(): string {
    if (this.root === rootDataDir) return '/k8ts';
    return `/k8ts-${fnv1a(this.root).toString(16).padStart(8, '0')}`;
  }
}

/** A short name for a path; node:crypto costs megabytes that the supervisor need not have. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
