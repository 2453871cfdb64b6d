/** Environment variables that tell a container where services are. */
import type { Service } from '../../machinery/schema/wire.ts';

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

function hasClusterIp(service: Service): boolean {
  const ip = service.spec?.clusterIP;
  return ip !== undefined && ip !== '' && ip !== 'None';
}

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The variables of one service: host, ports, and the older link style. */
function* variablesOf(service: Service): Iterable<[string, string]> {
  const prefix = variableName(service.metadata?.name ?? '');
  const ip = service.spec!.clusterIP!;
  const ports = service.spec?.ports ?? [];
  const [first] = ports;
  if (first === undefined) return;
  yield [`${prefix}_SERVICE_HOST`, ip];
  yield [`${prefix}_SERVICE_PORT`, String(first.port)];
  for (const p of ports) {
    if (p.name) yield [`${prefix}_SERVICE_PORT_${variableName(p.name)}`, String(p.port)];
  }
  for (const p of ports) {
    const protocol = p.protocol || 'TCP';
    const url = `${protocol.toLowerCase()}://${hostPort(ip, p.port)}`;
    if (p === first) yield [`${prefix}_PORT`, url];
    const link = `${prefix}_PORT_${p.port}_${protocol.toUpperCase()}`;
    yield [link, url];
    yield [`${link}_PROTO`, protocol.toLowerCase()];
    yield [`${link}_PORT`, String(p.port)];
    yield [`${link}_ADDR`, ip];
  }
}

/**
 * The variables for a pod of `namespace`: those of the namespace's services when links are on,
 * and always those of the API's own service, default/kubernetes.
 */
export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    if (!hasClusterIp(service)) continue;
    const name = service.metadata?.name ?? '';
    if (service.metadata?.namespace === 'default' && name === 'kubernetes') {
      if (!chosen.has(name)) chosen.set(name, service);
    } else if (service.metadata?.namespace === namespace && links) {
      chosen.set(name, service);
    }
  }
  const out = new Map<string, string>();
  for (const service of chosen.values()) {
    for (const [name, value] of variablesOf(service)) out.set(name, value);
  }
  return out;
}
