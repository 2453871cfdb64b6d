/** `/containerLogs/NAMESPACE/POD/CONTAINER`: the log as `kubectl logs` asks for it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseTime } from '../../machinery/meta/times.ts';
import type { ContainerStatus, PodStatus } from '../../machinery/schema/wire.ts';
import { ContainerState } from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';
import { type LogOptions, readLog } from '../logs/read-log.ts';
import { findContainer, type NodePod } from '../pods/pod.ts';
import { isOn, sendText } from './http-answer.ts';

/** The id of the container whose log is meant; throws what the client is told (400). */
export function logContainer(
  podName: string,
  status: PodStatus,
  container: string,
  previous: boolean,
): string {
  const lists = [
    status.containerStatuses,
    status.initContainerStatuses,
    status.ephemeralContainerStatuses,
  ];
  const found = lists.flatMap((l) => l ?? []).find((s) => s.name === container);
  const which = `container ${JSON.stringify(container)} in pod ${JSON.stringify(podName)}`;
  if (found === undefined) throw new Error(`${which} is not available`);
  const id = idOf(found, previous, which);
  return id.slice(id.indexOf('://') + 3);
}

const pullTexts: Record<string, string> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

function idOf(status: ContainerStatus, previous: boolean, which: string): string {
  const { running, terminated, waiting } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous) {
    if (last?.containerID) return last.containerID;
    throw new Error(`previous terminated ${which} not found`);
  }
  if (running) return status.containerID ?? '';
  const ended = terminated?.containerID || last?.containerID;
  if (terminated || last) {
    if (ended) return ended;
    throw new Error(`${which} is terminated`);
  }
  if (waiting === undefined) throw new Error(`${which} is waiting to start - no logs yet`);
  const reason = waiting.reason ?? '';
  throw new Error(`${which} is waiting to start: ${pullTexts[reason] ?? reason}`);
}

/** Reads the query; undefined for one that makes no sense (422). */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions | undefined {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null || text === '' ? undefined : Number(text);
  };
  const tail = query.get('tail') === 'all' ? undefined : (number('tail') ?? number('tailLines'));
  const limitBytes = number('limitBytes');
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  if ([tail, limitBytes, sinceSeconds].some((n) => n !== undefined && !Number.isInteger(n))) {
    return undefined;
  }
  if ((tail ?? 0) < 0 || (limitBytes ?? 1) < 1 || (sinceSeconds ?? 1) < 1) return undefined;
  if (sinceSeconds !== undefined && sinceTime) return undefined;
  const streams: Record<string, LogOptions['stream']> = { Stdout: 'stdout', Stderr: 'stderr' };
  return {
    follow: isOn(query, 'follow'),
    timestamps: isOn(query, 'timestamps'),
    tailLines: tail,
    limitBytes,
    sinceMs:
      sinceSeconds !== undefined
        ? nowMs - sinceSeconds * 1000
        : sinceTime
          ? parseTime(sinceTime)
          : undefined,
    stream: streams[query.get('stream') ?? 'All'],
  };
}

export interface LogRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly query: URLSearchParams;
  readonly pod: NodePod;
  readonly status: PodStatus;
  readonly container: string;
  readonly runtime: Runtime;
}

/** Streams the log; ends when it ends or the client goes. */
export async function serveLogs(request: LogRequest): Promise<void> {
  const { req, res, query, pod, status, container, runtime } = request;
  const { name } = pod.metadata;
  if (findContainer(pod, container) === undefined) {
    const text = `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`;
    sendText(res, 404, text);
    return;
  }
  const options = logOptions(query, Date.now());
  if (options === undefined) {
    sendText(res, 422, '{"message": "Invalid request."}');
    return;
  }
  let containerId: string;
  let path: string;
  try {
    containerId = logContainer(name, status, container, isOn(query, 'previous'));
    path = await logPath(runtime, containerId);
  } catch (error) {
    sendText(res, 400, (error as Error).message);
    return;
  }
  const gone = new AbortController();
  req.once('close', () => gone.abort());
  res.once('close', () => gone.abort());
  res.writeHead(200, { 'content-type': 'text/plain' });
  // The head goes out now: a follower waits for it while nothing is logged.
  res.flushHeaders();
  const running = (): Promise<boolean> => isRunning(runtime, containerId);
  try {
    for await (const part of readLog(path, options, running, gone.signal)) {
      if (res.write(part)) continue;
      await new Promise<void>((resolve) => {
        res.once('drain', resolve);
        res.once('close', resolve);
      });
    }
  } catch (error) {
    if (!gone.signal.aborted) res.write(`${(error as Error).message}\n`);
  }
  res.end();
}

async function logPath(runtime: Runtime, containerId: string): Promise<string> {
  try {
    const { status } = await runtime.call('ContainerStatus', { containerId });
    return status?.logPath ?? '';
  } catch {
    throw new Error(`unable to retrieve container logs for ${containerId}`);
  }
}

async function isRunning(runtime: Runtime, containerId: string): Promise<boolean> {
  try {
    const { status } = await runtime.call('ContainerStatus', { containerId });
    return status?.state === ContainerState.CONTAINER_RUNNING;
  } catch {
    return false;
  }
}
