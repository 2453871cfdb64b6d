/** Ports pods take on a node's own addresses. */
import type { Pod } from '../../machinery/schema/wire.ts';

/** One wanted or taken port; address `0.0.0.0` stands for all of them. */
export interface HostPort {
  readonly ip: string;
  /** `TCP/80`. */
  readonly port: string;
}

const anyIp = '0.0.0.0';

/** The host ports of a pod: those of its containers and of its sidecars. */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  let ports: HostPort[] | undefined;
  for (const list of [pod.spec?.containers, pod.spec?.initContainers]) {
    for (const container of list ?? []) {
      if (list === pod.spec?.initContainers && container.restartPolicy !== 'Always') continue;
      for (const port of container.ports ?? []) {
        if (port.hostPort === undefined || port.hostPort <= 0) continue;
        ports ??= [];
        ports.push({
          ip: port.hostIP || anyIp,
          port: `${port.protocol || 'TCP'}/${port.hostPort}`,
        });
      }
    }
  }
  return ports ?? none;
}

const none: readonly HostPort[] = [];

/** The ports taken on one node. */
export class UsedPorts {
  /** Port to the addresses it is taken on. */
  readonly #taken = new Map<string, string[]>();

  add(ports: readonly HostPort[]): void {
    for (const { ip, port } of ports) {
      const ips = this.#taken.get(port);
      if (ips === undefined) this.#taken.set(port, [ip]);
      else ips.push(ip);
    }
  }

  remove(ports: readonly HostPort[]): void {
    for (const { ip, port } of ports) {
      const ips = this.#taken.get(port);
      const at = ips?.indexOf(ip) ?? -1;
      if (ips === undefined || at < 0) continue;
      ips.splice(at, 1);
      if (ips.length === 0) this.#taken.delete(port);
    }
  }

  /** True when any of the ports is taken on the same address, or either side wants all. */
  conflicts(ports: readonly HostPort[]): boolean {
    if (this.#taken.size === 0) return false;
    return ports.some(({ ip, port }) => {
      const ips = this.#taken.get(port);
      if (ips === undefined) return false;
      return ip === anyIp || ips.includes(anyIp) || ips.includes(ip);
    });
  }

  copy(): UsedPorts {
    const copy = new UsedPorts();
    for (const [port, ips] of this.#taken) copy.#taken.set(port, [...ips]);
    return copy;
  }
}
