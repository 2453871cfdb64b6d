/**
 * UDP flows remember their endpoint for as long as they are used, also when it is gone. After a
 * change of UDP services the remembered flows that lead nowhere are forgotten.
 */
import type { RunTool } from './nft.ts';
import type { Backed } from './rules/build.ts';
import type { Family } from './service-ports.ts';

/** A remembered flow to a service. */
export interface Flow {
  readonly originalDestination: string;
  readonly originalPort: number;
  /** Where it really goes. */
  readonly endpoint: string;
  readonly endpointPort: number;
}

/** Reads what `conntrack -L -p udp` prints. */
export function parseFlows(text: string): Flow[] {
  const flows: Flow[] = [];
  for (const line of text.split('\n')) {
    const fields = [...line.matchAll(/(src|dst|sport|dport)=(\S+)/g)];
    const all = (name: string) => fields.filter((f) => f[1] === name).map((f) => f[2]!);
    const [, replySource] = all('src');
    const [destination] = all('dst');
    const [, replyPort] = all('sport');
    const [port] = all('dport');
    if (!replySource || !destination || !replyPort || !port) continue;
    flows.push({
      originalDestination: destination,
      originalPort: Number(port),
      endpoint: replySource,
      endpointPort: Number(replyPort),
    });
  }
  return flows;
}

/** The flows to services with endpoints that lead to none of them, each once. */
export function staleFlows(flows: readonly Flow[], backed: Iterable<Backed>): Flow[] {
  const byAddress = new Map<string, Set<string>>();
  const byNodePort = new Map<number, Set<string>>();
  for (const { port, endpoints } of backed) {
    if (port.protocol !== 'udp') continue;
    const serving = new Set(endpoints.filter((e) => e.serving).map((e) => `${e.ip}/${e.port}`));
    if (serving.size === 0) continue;
    for (const ip of [port.clusterIp, ...port.externalIps, ...port.loadBalancerIps]) {
      byAddress.set(`${ip}/${port.port}`, serving);
    }
    if (port.nodePort !== 0) byNodePort.set(port.nodePort, serving);
  }
  const stale = new Map<string, Flow>();
  for (const flow of flows) {
    const target = `${flow.endpoint}/${flow.endpointPort}`;
    const serving =
      byAddress.get(`${flow.originalDestination}/${flow.originalPort}`) ??
      byNodePort.get(flow.originalPort);
    if (serving !== undefined && !serving.has(target)) stale.set(JSON.stringify(flow), flow);
  }
  return [...stale.values()];
}

/** Lists the flows and deletes the stale ones; returns how many. Throws when listing fails. */
export async function forgetStaleFlows(
  run: RunTool,
  family: Family,
  backed: Iterable<Backed>,
): Promise<number> {
  const kind = family === 'IPv6' ? 'ipv6' : 'ipv4';
  const { code, stdout, stderr } = await run('conntrack', ['-L', '-p', 'udp', '-f', kind]);
  if (code !== 0) throw new Error(`conntrack failed (${code}): ${stderr.trim()}`);
  const stale = staleFlows(parseFlows(stdout), backed);
  for (const flow of stale) {
    // Exits with 1 when there is nothing left to delete, which is as good.
    await run('conntrack', [
      '-D',
      ...['-p', 'udp', '-f', kind],
      ...['--orig-dst', flow.originalDestination, '--orig-port-dst', String(flow.originalPort)],
      ...['--reply-src', flow.endpoint, '--reply-port-src', String(flow.endpointPort)],
    ]);
  }
  return stale.length;
}
