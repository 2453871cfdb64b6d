/** Keeps processes running: starts them, restarts what dies with back-off, stops them in order. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from './layout.ts';
import type { ProcessSpec } from './processes.ts';

const firstDelayMs = 200;
const lastDelayMs = 10_000;
/** A process that ran this long starts again without delay. */
const steadyMs = 30_000;
/** After SIGTERM, before SIGKILL. */
const graceMs = 10_000;
const logLimitBytes = 20 * 1024 * 1024;
const logCheckMs = 60_000;

interface Supervised {
  readonly spec: ProcessSpec;
  child: ChildProcess | undefined;
  ended: Promise<void>;
  timer: NodeJS.Timeout | undefined;
  delayMs: number;
  restarts: number;
  stopping: boolean;
}

/** The processes of one data directory. */
export class Supervisor {
  private readonly layout: Layout;
  private readonly report: (line: string) => void;
  private readonly all = new Map<string, Supervised>();
  private logTimer: NodeJS.Timeout | undefined;

  /** `report` is told of each unexpected end. */
  constructor(layout: Layout, report: (line: string) => void) {
    this.layout = layout;
    this.report = report;
  }

  /** Starts a process and keeps it running until `stop`. */
  start(spec: ProcessSpec): void {
    const entry: Supervised = {
      spec,
      child: undefined,
      ended: Promise.resolve(),
      timer: undefined,
      delayMs: firstDelayMs,
      restarts: 0,
      stopping: false,
    };
    this.all.set(spec.name, entry);
    this.logTimer ??= setInterval(() => this.limitLogs(), logCheckMs);
    this.launch(entry);
  }

  /** How often a process was started again. */
  restarts(name: string): number {
    return this.all.get(name)?.restarts ?? 0;
  }

  /** The last line that a process wrote, and where the others are. */
  lastWords(name: string): string {
    const file = this.layout.log(name);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return `${lines.at(-1)?.trim() || 'it said nothing'} (${file})`;
  }

  /** Ends a process for good; resolves when it is gone. One never started is gone. */
  async stop(name: string): Promise<void> {
    const entry = this.all.get(name);
    if (entry === undefined) return;
    entry.stopping = true;
    clearTimeout(entry.timer);
    if (entry.child !== undefined) {
      entry.child.kill('SIGTERM');
      const kill = setTimeout(() => {
        this.report(`${name} did not end within ${graceMs / 1000} s: it is killed`);
        entry.child?.kill('SIGKILL');
      }, graceMs);
      await entry.ended;
      clearTimeout(kill);
    }
    this.all.delete(name);
    if (this.all.size === 0) clearInterval(this.logTimer);
  }

  private launch(entry: Supervised): void {
    const { spec } = entry;
    const startedMs = Date.now();
    const child = this.spawn(spec);
    entry.child = child;
    entry.ended = new Promise((resolve) => {
      const end = (why: string) => {
        if (entry.child !== child) return;
        rmSync(this.layout.pid(spec.name), { force: true });
        entry.child = undefined;
        resolve();
        if (!entry.stopping) this.relaunch(entry, why, Date.now() - startedMs);
      };
      // A program that is not there ends without ever having run.
      child.once('error', (e) => end(e.message));
      child.once('exit', (code, signal) => end(signal ?? `code ${code}`));
    });
  }

  private relaunch(entry: Supervised, why: string, ranMs: number): void {
    if (ranMs > steadyMs) entry.delayMs = firstDelayMs;
    const { name } = entry.spec;
    this.report(
      `${name} ended (${why}); starting it again in ${entry.delayMs} ms, its log: ${this.layout.log(name)}`,
    );
    entry.restarts++;
    entry.timer = setTimeout(() => this.launch(entry), entry.delayMs);
    entry.delayMs = Math.min(entry.delayMs * 2, lastDelayMs);
  }

  private spawn(spec: ProcessSpec): ChildProcess {
    const log = this.layout.log(spec.name);
    mkdirSync(dirname(log), { recursive: true });
    this.limitLog(spec.name);
    const out = openSync(log, 'a');
    const child = spawn(spec.command, spec.args, {
      stdio: ['ignore', out, out],
      // Its own session: Ctrl-C goes to the supervisor, which stops all in order.
      detached: true,
    });
    closeSync(out);
    if (child.pid !== undefined) writeFileSync(this.layout.pid(spec.name), `${child.pid}\n`);
    return child;
  }

  private limitLogs(): void {
    for (const name of this.all.keys()) this.limitLog(name);
  }

  /** The process goes on writing at the end of the file, which is its start then. */
  private limitLog(name: string): void {
    const log = this.layout.log(name);
    if (!existsSync(log) || statSync(log).size <= logLimitBytes) return;
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
  }
}

/** Ends processes of an earlier supervisor that was killed. Waits until they are gone. */
export async function stopLeftovers(names: readonly string[], layout: Layout): Promise<void> {
  for (const name of names) {
    const file = layout.pid(name);
    if (!existsSync(file)) continue;
    const pid = Number(readFileSync(file, 'utf8').trim());
    if (isOurs(pid, layout)) {
      process.kill(pid, 'SIGTERM');
      for (let waited = 0; waited < graceMs && isOurs(pid, layout); waited += 50) await sleep(50);
      if (isOurs(pid, layout)) process.kill(pid, 'SIGKILL');
      while (isOurs(pid, layout)) await sleep(20);
    }
    rmSync(file, { force: true });
  }
}

/** True when a process runs under this pid and its command line names the data directory. */
export function isOurs(pid: number, layout: Layout): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => word === layout.root || word.includes(`${layout.root}/`));
  } catch {
    // No such process.
    return false;
  }
}
