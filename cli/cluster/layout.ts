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
  readonly logLevel: string;
}

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
}
