/** Where the kubelet keeps its files: the layout of upstream, under configurable roots. */
import { join } from 'node:path';

export interface Roots {
  /** `--root-dir`, /var/lib/kubelet. */
  readonly root: string;
  /** `podLogsDir`, /var/log/pods. */
  readonly podLogs: string;
  /** Links to container logs by name, /var/log/containers. */
  readonly containerLogs: string;
}

/** Paths of pods under the roots; nothing is made here. */
export class Paths {
  readonly roots: Roots;

  constructor(roots: Roots) {
    this.roots = roots;
  }

  get pods(): string {
    return join(this.roots.root, 'pods');
  }

  get seccomp(): string {
    return join(this.roots.root, 'seccomp');
  }

  pod(uid: string): string {
    return join(this.pods, uid);
  }

  volumes(uid: string): string {
    return join(this.pod(uid), 'volumes');
  }

  /** `plugin` is the kind's name with its slash, `kubernetes.io/secret`. */
  volume(uid: string, plugin: string, name: string): string {
    return join(this.volumes(uid), plugin.replaceAll('/', '~'), name);
  }

  subpaths(uid: string): string {
    return join(this.pod(uid), 'volume-subpaths');
  }

  /** Termination messages of one container lie here. */
  container(uid: string, name: string): string {
    return join(this.pod(uid), 'containers', name);
  }

  hostsFile(uid: string): string {
    return join(this.pod(uid), 'etc-hosts');
  }

  /** What the kubelet granted and gave a pod's containers. */
  resources(uid: string): string {
    return join(this.pod(uid), 'resources.json');
  }

  podLogs(namespace: string, name: string, uid: string): string {
    return join(this.roots.podLogs, `${namespace}_${name}_${uid}`);
  }

  containerLog(podLogs: string, container: string, restartCount: number): string {
    return join(podLogs, container, `${restartCount}.log`);
  }

  /** The link that log collectors follow. */
  logLink(pod: { name: string; namespace: string }, container: string, id: string): string {
    const suffix = `_${container}-${id}.log`;
    // The file name limit less the ending, as upstream cuts it.
    const prefix = `${pod.name}_${pod.namespace}`.slice(0, 251 - suffix.length + 4);
    return join(this.roots.containerLogs, `${prefix}${suffix}`);
  }
}
