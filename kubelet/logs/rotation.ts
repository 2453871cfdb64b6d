/** Keeps the logs of running containers small: rotates, compresses and removes old files. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sleep } from '../../client/abort.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Runtime } from '../cri/runtime.ts';

export interface LogRotationOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  /** Negative: no rotation. */
  readonly maxBytes: number;
  /** The present file among them. */
  readonly maxFiles: number;
  readonly everyMs: number;
  /** Running containers with their log files. */
  readonly containers: () => readonly { readonly id: string; readonly logPath: string }[];
}

/** `20060102-150405`, as upstream stamps rotated files. */
function stamp(ms: number): string {
  const text = new Date(ms).toISOString().replace(/[-:]/g, '');
  return `${text.slice(0, 8)}-${text.slice(9, 15)}`;
}

async function compress(path: string): Promise<void> {
  const packed = `${path}.tmp`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(packed));
  await rename(packed, `${path}.gz`);
  await rm(path);
}

export class LogRotation {
  private readonly options: LogRotationOptions;

  constructor(options: LogRotationOptions) {
    this.options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs, maxBytes } = this.options;
    while (!signal.aborted && maxBytes >= 0) {
      await sleep(clock, everyMs, signal);
      if (!signal.aborted) await this.check();
    }
  }

  /** Looks at every log once. */
  async check(): Promise<void> {
    const { containers, maxBytes, log } = this.options;
    for (const { id, logPath } of containers()) {
      if (logPath === '') continue;
      try {
        const { size } = await stat(logPath);
        if (size >= maxBytes) await this.rotate(id, logPath);
      } catch (error) {
        // The container has gone, and its log with it.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        log.warn({ ...errorFields(error), logPath }, 'log not rotated');
      }
    }
  }

  private async rotate(containerId: string, path: string): Promise<void> {
    const { runtime, clock, maxFiles } = this.options;
    const older = await rotatedFiles(path);
    // With the present file and the one about to be made.
    for (const file of older.splice(0, Math.max(0, older.length - (maxFiles - 2)))) await rm(file);
    for (const file of older) if (!file.endsWith('.gz')) await compress(file);
    const moved = `${path}.${stamp(clock.now())}`;
    await rename(path, moved);
    try {
      await runtime.call('ReopenContainerLog', { containerId });
    } catch (error) {
      // The runtime goes on writing to the old file: give it back its name.
      await rename(moved, path);
      throw error;
    }
  }
}

/** Rotated files of a log, oldest first; leftovers of a broken run are removed. */
async function rotatedFiles(path: string): Promise<string[]> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const names = (await readdir(folder)).filter((n) => n.startsWith(prefix)).sort();
  const out: string[] = [];
  for (const name of names) {
    const full = join(folder, name);
    if (name.endsWith('.tmp')) await rm(full, { force: true });
    else out.push(full);
  }
  return out;
}
