/**
 * Files of a volume that change together: each state lies in a folder of its own, `..data` links
 * to the current one, and what containers see are links through `..data`. A state is switched by
 * one rename. The layout is upstream's, so that programs which watch `..data` work.
 */
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileContent {
  readonly data: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** The owner, where it is not root. */
  readonly uid?: number | undefined;
}

/** By relative path, which may have folders. */
export type Payload = ReadonlyMap<string, FileContent>;

const dataLink = '..data';
const newDataLink = '..data_tmp';
const maxPathLength = 4096;
const maxNameLength = 255;

/** Throws for a path that leaves the volume or hides among the writer's own names. */
export function checkPayloadPath(path: string): void {
  if (path === '') throw new Error('invalid path: must not be empty');
  if (path.startsWith('/')) throw new Error(`invalid path: must be relative path: ${path}`);
  if (path.length > maxPathLength) {
    throw new Error(`invalid path: must be less than or equal to ${maxPathLength} characters`);
  }
  for (const part of path.split('/')) {
    if (part === '..') throw new Error(`invalid path: must not contain '..': ${path}`);
    if (part.length > maxNameLength) {
      throw new Error(
        `invalid path: filenames must be less than or equal to ${maxNameLength} characters`,
      );
    }
  }
  if (path.startsWith('..')) throw new Error(`invalid path: must not start with '..': ${path}`);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

async function currentState(volume: string): Promise<string | undefined> {
  try {
    return await readlink(join(volume, dataLink));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Paths of all files below, relative. */
async function filesBelow(root: string, prefix = ''): Promise<string[]> {
  const out: string[] = [];
  for (const entry of await readdir(join(root, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) out.push(...(await filesBelow(root, path)));
    else out.push(path);
  }
  return out;
}

async function isUnchanged(state: string, payload: Payload): Promise<boolean> {
  let present: string[];
  try {
    present = await filesBelow(state);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  if (present.length !== payload.size) return false;
  for (const path of present) {
    const wanted = payload.get(path);
    if (wanted === undefined) return false;
    const full = join(state, path);
    const [data, { mode, uid }] = await Promise.all([readFile(full), stat(full)]);
    // The group's bits may have been widened for an fsGroup.
    if ((mode & 0o777 & wanted.mode) !== (wanted.mode & 0o777)) return false;
    if (wanted.uid !== undefined && wanted.uid !== uid) return false;
    if (!data.equals(wanted.data)) return false;
  }
  return true;
}

async function writeState(state: string, payload: Payload): Promise<void> {
  for (const [path, { data, mode, uid }] of payload) {
    const full = join(state, path);
    await mkdir(dirname(full), { recursive: true, mode: 0o755 });
    await writeFile(full, data, { mode });
    // Past the umask.
    await chmod(full, mode & 0o777);
    if (uid !== undefined) await chown(full, uid, 0);
  }
}

function stateName(nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replace(/[-T:]/g, '_');
  return `..${stamp}.${randomBytes(5).toString('hex')}`;
}

/**
 * Brings the volume to `payload`; returns whether anything changed. `finish` is called on the
 * volume before the new state can be seen, to set owners.
 */
export async function writeAtomically(
  volume: string,
  payload: Payload,
  nowMs: number,
  finish: () => Promise<void>,
): Promise<boolean> {
  for (const path of payload.keys()) checkPayloadPath(path);
  const old = await currentState(volume);
  if (old !== undefined && (await isUnchanged(join(volume, old), payload))) return false;
  const name = stateName(nowMs);
  const state = join(volume, name);
  await mkdir(state);
  await chmod(state, 0o755);
  await writeState(state, payload);
  await finish();
  const link = join(volume, newDataLink);
  await rm(link, { force: true });
  await symlink(name, link);
  await rename(link, join(volume, dataLink));
  const visible = new Set([...payload.keys()].map((path) => path.split('/')[0]!));
  for (const entry of visible) {
    await linkVisible(join(volume, entry), join(dataLink, entry));
  }
  for (const entry of await readdir(volume)) {
    if (entry.startsWith('..') || visible.has(entry)) continue;
    await rm(join(volume, entry), { recursive: true, force: true });
  }
  if (old !== undefined) await rm(join(volume, old), { recursive: true, force: true });
  return true;
}

async function linkVisible(path: string, target: string): Promise<void> {
  try {
    if ((await lstat(path)).isSymbolicLink()) return;
    await rm(path, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await symlink(target, path);
}
