/** postStart and preStop: what a container's lifecycle hooks do. */
import type { EventRecorder } from '../../client/events.ts';
import type { Container, LifecycleHandler } from '../../machinery/schema/wire.ts';
import { errorText } from '../cri/cri-error.ts';
import type { Runtime } from '../cri/runtime.ts';
import { addressOf, getOnce, getTarget } from '../probes/http-get.ts';
import { type NodePod, podReference, podText } from './pod.ts';

export interface HookContext {
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly pod: NodePod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  /** Ends the hook: its container is gone or its time is over. */
  readonly signal: AbortSignal;
}

/** No hook of its own has a limit: this is how long an HTTP answer may take. */
const httpTimeoutMs = 5 * 60_000;

/** Runs a hook; throws with the text that the container's status then carries. */
export async function runHook(handler: LifecycleHandler, context: HookContext): Promise<void> {
  const { container, pod } = context;
  const where = `for Container ${JSON.stringify(container.name)} in Pod ${JSON.stringify(podText(pod))} failed - error:`;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const failed = (error: string, output: string): Error =>
      new Error(
        `Exec lifecycle hook ([${command.join(' ')}]) ${where} ${error}, message: ${JSON.stringify(output)}`,
      );
    await execHook(command, context, failed);
  } else if (handler.httpGet) {
    try {
      await httpHook(handler.httpGet, context);
    } catch (error) {
      const { path } = handler.httpGet;
      throw new Error(`HTTP lifecycle hook (${path ?? ''}) ${where} ${(error as Error).message}`);
    }
  } else if (handler.sleep) {
    await sleepHook(handler.sleep.seconds * 1000, context.signal);
  } else {
    // tcpSocket has never been supported here (API reference, LifecycleHandler).
    throw new Error(`Cannot run handler: invalid handler: ${JSON.stringify(handler)}`);
  }
}

async function execHook(
  cmd: readonly string[],
  { runtime, containerId, signal }: HookContext,
  failed: (error: string, output: string) => Error,
): Promise<void> {
  let answer: { stdout: Uint8Array; stderr: Uint8Array; exitCode: number };
  try {
    const options = { signal, timeoutMs: 0 };
    answer = await runtime.call('ExecSync', { containerId, cmd, timeout: 0 }, options);
  } catch (error) {
    throw failed(errorText(error), '');
  }
  if (answer.exitCode === 0) return;
  const output = Buffer.concat([answer.stdout, answer.stderr]).toString();
  throw failed(
    `command '${cmd.join(' ')}' exited with ${answer.exitCode}: ${Buffer.from(answer.stderr)}`,
    output,
  );
}

async function httpHook(
  action: NonNullable<LifecycleHandler['httpGet']>,
  { container, pod, podIp, recorder }: HookContext,
): Promise<void> {
  const target = getTarget(action as never, container, podIp, 'lifecycle');
  try {
    // Any answer will do.
    await getOnce(target, httpTimeoutMs);
  } catch (error) {
    const { code } = (error as { cause?: NodeJS.ErrnoException }).cause ?? {};
    if (target.url.protocol !== 'https:' || code !== 'EPROTO') throw error;
    // An HTTP server behind an https hook: clusters depend on it since hooks once ignored schemes.
    const { Authorization: _, ...headers } = target.headers;
    const plain = new URL(target.url);
    plain.protocol = 'http:';
    plain.port = target.url.port || '443';
    await getOnce({ url: plain, headers }, httpTimeoutMs);
    const text = `request to HTTPS lifecycle hook ${addressOf(target.url)} got HTTP response, retry with HTTP succeeded`;
    recorder.event(podReference(pod), 'Warning', 'LifecycleHTTPFallback', text);
  }
}

function sleepHook(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new Error('container terminated before sleep hook finished'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
