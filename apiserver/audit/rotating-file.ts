/**
 * A log file that is put aside when it is full: `audit.log` becomes `audit-TIME.log`, and old ones
 * go. Names and limits are those of lumberjack, whose files log shippers know.
 */
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface RotatingFileOptions {
  readonly path: string;
  /** 0: never put aside. */
  readonly maxBytes: number;
  /** Files that are kept beside the current one; 0: all. */
  readonly maxBackups: number;
  /** 0: of any age. */
  readonly maxAgeDays: number;
  /** Files put aside are compressed with gzip. */
  readonly compress: boolean;
  now(): number;
  /** Told what went wrong with files that were put aside. */
  onProblem(error: unknown): void;
}

const dayMs = 24 * 3600 * 1000;

export class RotatingFile {
  readonly #o: RotatingFileOptions;
  #file: number;
  #size: number;
  #tidying: Promise<void> = Promise.resolve();

  /** Opens the file, and makes it and its folder when there is none. Throws what fs throws. */
  constructor(options: RotatingFileOptions) {
    this.#o = options;
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    this.#file = this.#open();
    this.#size = fstatSync(this.#file).size;
  }

  /** Appends; whole when it returns. Throws what fs throws, and for more than a file may hold. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    const { maxBytes } = this.#o;
    if (maxBytes > 0 && bytes.length > maxBytes) {
      throw new Error(`write length ${bytes.length} exceeds maximum file size ${maxBytes}`);
    }
    if (maxBytes > 0 && this.#size + bytes.length > maxBytes) this.#rotate();
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#size += bytes.length;
  }

  /** Closes the file; resolves when old ones have been seen to. */
  async close(): Promise<void> {
    closeSync(this.#file);
    await this.#tidying;
  }

  #open(): number {
    const { O_APPEND, O_CREAT, O_WRONLY } = constants;
    return openSync(this.#o.path, O_APPEND | O_CREAT | O_WRONLY, 0o600);
  }

  #rotate(): void {
    const { path } = this.#o;
    const { stem, extension } = parts(path);
    // Somebody else may have taken the file away.
    if (existsSync(path)) {
      const time = new Date(this.#o.now()).toISOString().replaceAll(':', '-').slice(0, -1);
      renameSync(path, join(dirname(path), `${stem}-${time}${extension}`));
    }
    closeSync(this.#file);
    this.#file = this.#open();
    this.#size = fstatSync(this.#file).size;
    this.#tidying = this.#tidying.then(() => this.#tidy()).catch(this.#o.onProblem);
  }

  async #tidy(): Promise<void> {
    const { path, maxBackups, maxAgeDays, compress } = this.#o;
    const folder = dirname(path);
    const old = backups(path);
    const since = maxAgeDays > 0 ? this.#o.now() - maxAgeDays * dayMs : -Infinity;
    for (const [i, { name, timeMs }] of old.entries()) {
      const file = join(folder, name);
      if ((maxBackups > 0 && i >= maxBackups) || timeMs < since) rmSync(file, { force: true });
      else if (compress && !name.endsWith('.gz')) await compressFile(file);
    }
  }
}

/** Files that were put aside, the newest first. */
function backups(path: string): { name: string; timeMs: number }[] {
  const { stem, extension } = parts(path);
  const out: { name: string; timeMs: number }[] = [];
  for (const name of readdirSync(dirname(path))) {
    const plain = name.endsWith('.gz') ? name.slice(0, -3) : name;
    if (!plain.startsWith(`${stem}-`) || !plain.endsWith(extension)) continue;
    const time = plain.slice(stem.length + 1, plain.length - extension.length);
    const m = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(time);
    if (m !== null) out.push({ name, timeMs: Date.parse(`${m[1]}:${m[2]}:${m[3]}Z`) });
  }
  return out.sort((a, b) => b.timeMs - a.timeMs);
}

function parts(path: string): { stem: string; extension: string } {
  const extension = extname(path);
  return { stem: basename(path, extension), extension };
}

async function compressFile(file: string): Promise<void> {
  const half = createWriteStream(`${file}.gz`, { mode: 0o600 });
  await pipeline(createReadStream(file), createGzip(), half);
  rmSync(file);
}
