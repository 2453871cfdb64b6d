/** An API server as a process of its own, for the benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bearer token of the benchmark, a member of system:masters. */
export const token = 'bench';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface RunningServer {
  readonly child: ChildProcess;
  readonly port: number;
  /** From the start of the process until /readyz answered. */
  readonly startMs: number;
}

/** Starts a server with its data in `folder`; resolves when it is ready. */
export async function startServer(
  folder: string,
  name: string,
  args: readonly string[],
): Promise<RunningServer> {
  const tokens = join(folder, 'tokens');
  writeFileSync(tokens, `${token},admin,1,"system:masters"\n`);
  const port = await freePort();
  const started = performance.now();
  const child = spawn(
    join(root, 'cli/k8ts'),
    [
      'apiserver',
      `--data-dir=${join(folder, name)}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--token-auth-file=${tokens}`,
      '--log-level=warn',
      ...args,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error('the API server ended at start');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { child, port, startMs: performance.now() - started };
}

/** Ends a process and waits for it. */
export function stop(child: ChildProcess): Promise<unknown> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return ended;
}

export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** CPU time of a process with all its threads so far, in microseconds. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // In ticks of 10 ms, on every Linux there is.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request({ port, path: '/readyz', rejectUnauthorized: false }, (res) => {
      res.resume();
      resolve(res.statusCode === 200);
    });
    req.on('error', () => resolve(false));
    req.end();
  });
}
