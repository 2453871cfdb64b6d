/** Reads a container's log as clients ask for it: tail, since, limit, timestamps, following. */
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { parseTime } from '../../machinery/meta/times.ts';
import { fixedTime, type LogStream, parseLogLine } from './cri-log.ts';
import { tailStart } from './tail-start.ts';

export interface LogOptions {
  readonly follow?: boolean | undefined;
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly timestamps?: boolean | undefined;
  /** Lines before this time are left out. */
  readonly sinceMs?: number | undefined;
  /** Both when left out. */
  readonly stream?: LogStream | undefined;
}

const chunkBytes = 64 * 1024;
/** How often a followed log is looked at when the file system stays silent. */
const followCheckMs = 1000;

/** Turns lines of the file into what the client sees. */
class Shaper {
  private readonly options: LogOptions;
  private remaining: number;
  private lineStart = true;
  /** Tail lines that may still be written when not following. */
  private linesLeft: number;

  constructor(options: LogOptions) {
    this.options = options;
    this.remaining = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const bounded = options.tailLines !== undefined && options.tailLines >= 0 && !options.follow;
    this.linesLeft = bounded ? options.tailLines : Number.POSITIVE_INFINITY;
  }

  get done(): boolean {
    return this.remaining <= 0 || this.linesLeft <= 0;
  }

  /** The bytes for one line of the file; lines that cannot be read are skipped. */
  shape(line: Buffer): Buffer[] {
    if (this.done) return [];
    let parsed: ReturnType<typeof parseLogLine>;
    try {
      parsed = parseLogLine(line);
    } catch {
      return [];
    }
    const { sinceMs, stream, timestamps } = this.options;
    const prefixed = this.lineStart;
    this.lineStart = parsed.full;
    if (prefixed) this.linesLeft--;
    if (sinceMs !== undefined && parseTime(parsed.time) < sinceMs) return [];
    if (stream !== undefined && parsed.stream !== stream) return [];
    const out: Buffer[] = [];
    if (timestamps && prefixed) out.push(this.take(Buffer.from(`${fixedTime(parsed.time)} `)));
    out.push(this.take(parsed.text));
    return out;
  }

  private take(bytes: Buffer): Buffer {
    const part = bytes.length > this.remaining ? bytes.subarray(0, this.remaining) : bytes;
    this.remaining -= part.length;
    return part;
  }
}

/** Wakes when the folder of a file changes, or after a while. */
class ChangeSignal {
  private readonly watcher: FSWatcher;
  private wake: (() => void) | undefined;
  private changed = false;

  constructor(path: string) {
    const name = basename(path);
    this.watcher = watch(dirname(path), (_, changed) => {
      if (changed !== null && changed !== name) return;
      this.changed = true;
      this.wake?.();
    });
    // A folder that vanishes shows as an error; the reader notices by itself.
    this.watcher.on('error', () => this.wake?.());
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (!this.changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, followCheckMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.wake, { once: true });
      });
      if (this.wake) signal.removeEventListener('abort', this.wake);
      this.wake = undefined;
    }
    this.changed = false;
  }

  close(): void {
    this.watcher.close();
  }
}

/** An open log file and what of it has been read. */
class Source {
  readonly file: FileHandle;
  private offset: number;
  private rest = Buffer.alloc(0);
  private readonly chunk = Buffer.alloc(chunkBytes);

  constructor(file: FileHandle, offset: number) {
    this.file = file;
    this.offset = offset;
  }

  /** Complete lines that are there now; undefined at the end of the file. */
  async lines(): Promise<Buffer[] | undefined> {
    const { bytesRead } = await this.file.read(this.chunk, 0, chunkBytes, this.offset);
    if (bytesRead === 0) return undefined;
    this.offset += bytesRead;
    const data = Buffer.concat([this.rest, this.chunk.subarray(0, bytesRead)]);
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, from)) {
      lines.push(data.subarray(from, at + 1));
      from = at + 1;
    }
    this.rest = Buffer.from(data.subarray(from));
    return lines;
  }

  /** A last line without its newline. */
  remainder(): Buffer[] {
    return this.rest.length > 0 ? [this.rest] : [];
  }
}

/**
 * Yields the log's bytes. When following it ends once `running` says the container is gone and
 * everything has been read; a rotated file is read to its end before the new one.
 */
export async function* readLog(
  path: string,
  options: LogOptions,
  running: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const real = await realpath(path);
  const shaper = new Shaper(options);
  let source = await openSource(real, options.tailLines ?? -1);
  const changes = options.follow ? new ChangeSignal(real) : undefined;
  try {
    while (!signal.aborted && !shaper.done) {
      const lines = await source.lines();
      if (lines !== undefined) {
        const out = lines.flatMap((line) => shaper.shape(line));
        if (out.length > 0) yield Buffer.concat(out);
        continue;
      }
      const next = changes === undefined ? undefined : await rotated(real, source);
      if (next !== undefined) {
        await source.file.close();
        source = next;
        continue;
      }
      if (changes === undefined || !(await running())) {
        // What was written between the last read and the container's end.
        const last = (await source.lines()) ?? source.remainder();
        const out = last.flatMap((line) => shaper.shape(line));
        if (out.length > 0) yield Buffer.concat(out);
        if (last.length === 0 || changes === undefined) return;
        continue;
      }
      await changes.wait(signal);
    }
  } finally {
    changes?.close();
    await source.file.close();
  }
}

async function openSource(path: string, tailLines: number): Promise<Source> {
  const file = await open(path, 'r');
  try {
    return new Source(file, await tailStart(file, tailLines));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file that took the log's place, if there is one. */
async function rotated(path: string, source: Source): Promise<Source | undefined> {
  const [open_, named] = await Promise.all([source.file.stat(), stat(path).catch(() => undefined)]);
  if (named === undefined || named.ino === open_.ino) return undefined;
  return openSource(path, -1);
}
