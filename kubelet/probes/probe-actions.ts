/** What probes do: run a command, get a page, open a port, ask a gRPC health service. */
import { connect } from 'node:net';
import { formatDuration } from '../../machinery/meta/times.ts';
import type { Container, Probe } from '../../machinery/schema/wire.ts';
import { CriError, errorText } from '../cri/cri-error.ts';
import type { Runtime } from '../cri/runtime.ts';
import { expand, lookup } from '../env/expansion.ts';
import { grpcHealth } from './grpc-health.ts';
import { dialErrorText, getOnce, getTarget, resolvePort } from './http-get.ts';

/** `warning` counts as success but is reported. */
export interface ProbeResult {
  readonly outcome: 'success' | 'warning' | 'failure';
  readonly output: string;
}

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
}

const maxOutputBytes = 10 * 1024;
const maxRedirects = 10;

const success = (output = ''): ProbeResult => ({ outcome: 'success', output });
const failure = (output: string): ProbeResult => ({ outcome: 'failure', output });

/** Runs the probe once. Throws when it could not be run at all, which says nothing of the container. */
export async function runProbe(
  probe: Probe,
  target: ProbeTarget,
  runtime: Runtime,
): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) return execProbe(probe.exec.command ?? [], timeoutMs, target, runtime);
  if (probe.httpGet) return httpProbe(probe.httpGet, timeoutMs, target);
  if (probe.tcpSocket) {
    const port = resolvePort(probe.tcpSocket.port, target.container);
    return tcpProbe(probe.tcpSocket.host || target.podIp, port, timeoutMs);
  }
  if (probe.grpc) {
    const { port, service = '' } = probe.grpc;
    return grpcHealth(target.podIp, port, service, timeoutMs);
  }
  throw new Error(`missing probe handler for ${target.container.name}`);
}

async function execProbe(
  command: readonly string[],
  timeoutMs: number,
  { container, containerId }: ProbeTarget,
  runtime: Runtime,
): Promise<ProbeResult> {
  const values = new Map((container.env ?? []).map((e) => [e.name, e.value ?? '']));
  const read = lookup(values);
  const cmd = command.map((c) => expand(c, read));
  try {
    const timeout = Math.ceil(timeoutMs / 1000);
    const { stdout, stderr, exitCode } = await runtime.call('ExecSync', {
      containerId,
      cmd,
      timeout,
    });
    const output = Buffer.concat([stdout, stderr]).subarray(0, maxOutputBytes).toString();
    return exitCode === 0 ? success(output) : failure(output);
  } catch (error) {
    if (error instanceof CriError && error.code === 'deadlineExceeded') {
      const after = formatDuration(timeoutMs);
      return failure(
        `command timed out: ${JSON.stringify(cmd.join(' '))} timed out after ${after}`,
      );
    }
    throw new Error(errorText(error), { cause: error });
  }
}

async function httpProbe(
  action: NonNullable<Probe['httpGet']>,
  timeoutMs: number,
  { container, podIp }: ProbeTarget,
): Promise<ProbeResult> {
  const target = getTarget(action as never, container, podIp, 'probe');
  const deadline = Date.now() + timeoutMs;
  let { url } = target;
  for (let hops = 0; ; hops++) {
    let answer: Awaited<ReturnType<typeof getOnce>>;
    try {
      answer = await getOnce({ ...target, url }, Math.max(1, deadline - Date.now()));
    } catch (error) {
      return failure((error as Error).message);
    }
    const { status, body, location } = answer;
    if (status >= 300 && status < 400 && location !== undefined) {
      const next = new URL(location, url);
      if (next.hostname !== target.url.hostname) {
        return { outcome: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
      }
      if (hops + 1 >= maxRedirects) {
        return failure(`Get ${JSON.stringify(location)}: stopped after ${maxRedirects} redirects`);
      }
      url = next;
      continue;
    }
    if (status >= 200 && status < 400) {
      if (status < 300) return success(body);
      return { outcome: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    }
    return failure(`HTTP probe failed with statuscode: ${status}`);
  }
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish(failure(`dial tcp ${address}: i/o timeout`)), timeoutMs);
    socket.once('connect', () => finish(success()));
    socket.once('error', (error) => finish(failure(dialErrorText(error, address))));
  });
}
