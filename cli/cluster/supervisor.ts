/** Keeps processes running: starts them, restarts what dies with back-off, stops them in order. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Layout } from './layout.ts';
import type { ProcessSpec } from './processes.ts';

const firstDelayMs = 200;
const lastDelayMs = 10_000;
/** A process that ran this long starts again without delay. */
const steadyMs = 30_000;
/** After SIGTERM, before SIGKILL. */
const graceMs = 10_000;
const logLimitBytes = 20 * 1024 * 1024;

/** A process under supervision. */
export interface Supervised {
  readonly name: string;
  /** Of the running process; undefined between two runs. */
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Starts a process and keeps it running; `report` is told of each unexpected end. */
export function supervise(
  spec: ProcessSpec,
  layout: Layout,
  report: (line: string) => void,
): Supervised {
  let child: ChildProcess | undefined;
  let stopping = false;
  let restarts = 0;
  let delayMs = firstDelayMs;
  let timer: NodeJS.Timeout | undefined;
  let exited: Promise<void> = Promise.resolve();

  const start = () => {
    const startedMs = Date.now();
    child = launch(spec, layout);
    exited = new Promise((resolve) => {
      child!.once('error', (e) => report(`${spec.name} cannot be started: ${e.message}`));
      child!.once('close', (code, signal) => {
        rmSync(layout.pid(spec.name), { force: true });
        child = undefined;
        resolve();
        if (stopping) return;
        if (Date.now() - startedMs > steadyMs) delayMs = firstDelayMs;
        report(
          `${spec.name} ended (${signal ?? `code ${code}`}); starting it again in ${delayMs} ms, its log: ${layout.log(spec.name)}`,
        );
        restarts++;
        timer = setTimeout(start, delayMs);
        delayMs = Math.min(delayMs * 2, lastDelayMs);
      });
    });
  };
  start();
  return {
    name: spec.name,
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      if (child === undefined) return;
      child.kill('SIGTERM');
      const kill = setTimeout(() => child?.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(kill);
    },
  };
}

function launch(spec: ProcessSpec, layout: Layout): ChildProcess {
  const log = layout.log(spec.name);
  mkdirSync(dirname(log), { recursive: true });
  mkdirSync(dirname(layout.pid('x')), { recursive: true });
  if (existsSync(log) && statSync(log).size > logLimitBytes) renameSync(log, `${log}.1`);
  const out = openSync(log, 'a');
  const child = spawn(spec.command, spec.args, {
    stdio: ['ignore', out, out],
    // Its own session: Ctrl-C goes to the supervisor, which stops all in order.
    detached: true,
  });
  closeSync(out);
  if (child.pid !== undefined) writeFileSync(layout.pid(spec.name), `${child.pid}\n`);
  return child;
}

/** Ends processes of an earlier supervisor that was killed. Waits until they are gone. */
export async function stopLeftovers(names: readonly string[], layout: Layout): Promise<void> {
  for (const name of names) {
    const file = layout.pid(name);
    if (!existsSync(file)) continue;
    const pid = Number(readFileSync(file, 'utf8').trim());
    if (isOurs(pid, layout)) {
      process.kill(pid, 'SIGTERM');
      for (let i = 0; i < 100 && isOurs(pid, layout); i++) await sleep(100);
      if (isOurs(pid, layout)) process.kill(pid, 'SIGKILL');
    }
    rmSync(file, { force: true });
  }
}

/** True when a process runs under this pid and its command line names the data directory. */
export function isOurs(pid: number, layout: Layout): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(layout.root);
  } catch {
    return false;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
