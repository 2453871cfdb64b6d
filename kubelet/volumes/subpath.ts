/**
 * subPath mounts: a directory or file inside a volume, which containers may change at any moment.
 * Paths are walked with file handles that pin each step (never following a link out of the
 * volume), and what is mounted is the pinned handle.
 */
import { constants } from 'node:fs';
import {
  chmod,
  chown,
  type FileHandle,
  mkdir,
  open,
  readlink,
  realpath,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { Mounter } from '../host/mounter.ts';

/** Linux: a handle that only names a file (fcntl.h), not exposed by Node. */
const O_PATH = 0o10000000;
const pinned = O_PATH | constants.O_NOFOLLOW;
/** A pipe in a file's place must not hold the kubelet up. */
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const viaHandle = (handle: FileHandle, name = ''): string =>
  join('/proc/self/fd', String(handle.fd), name);

function inside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Throws for what leaves the volume by name: absolute paths and `..`. */
export function checkSubPath(subPath: string): void {
  if (subPath.startsWith('/')) {
    throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  }
  if (subPath.split('/').includes('..')) {
    throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  }
}

/** Makes missing directories of `subPath` with the volume's own mode. */
async function makeDirectories(volume: string, subPath: string): Promise<void> {
  const { mode } = await stat(volume);
  let at = await open(volume, O_PATH | constants.O_DIRECTORY);
  try {
    for (const part of subPath.split('/').filter((p) => p !== '' && p !== '.')) {
      const step = viaHandle(at, part);
      let next: FileHandle;
      try {
        next = await open(step, pinned | constants.O_DIRECTORY);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        await mkdir(step, { mode: mode & 0o7777 });
        next = await open(step, pinned | constants.O_DIRECTORY);
        await inheritMode(step, mode & 0o7777, viaHandle(at));
      }
      await at.close();
      at = next;
    }
  } finally {
    await at.close();
  }
}

async function inheritMode(path: string, mode: number, parent: string): Promise<void> {
  const { gid } = await stat(parent);
  await chown(path, 0, gid);
  // After chown, which clears the set-group bit; and past the umask.
  await chmod(path, mode);
}

export interface SubPathRequest {
  /** The volume's directory. */
  readonly volume: string;
  readonly subPath: string;
  /** Where the bind mount goes; made here, as a directory or a file. */
  readonly target: string;
}

/** Mounts `subPath` of the volume at `target` and returns the target. Mounts it once only. */
export async function mountSubPath(request: SubPathRequest, mounter: Mounter): Promise<string> {
  const { volume, subPath, target } = request;
  checkSubPath(subPath);
  const full = join(volume, subPath);
  const root = await realpath(volume);
  let resolved: string;
  try {
    resolved = await realpath(full);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeDirectories(root, subPath);
    resolved = await realpath(full);
  }
  if (!inside(resolved, root)) throw new Error(`subPath ${subPath} leaves the volume`);
  const handle = await open(resolved, pinned);
  try {
    // Between realpath and open the path may have become another: ask what was opened.
    const opened = await readlink(viaHandle(handle));
    if (!inside(opened, root)) throw new Error(`subPath ${subPath} leaves the volume`);
    if (await mounter.isMountPoint(target)) return target;
    const isDirectory = (await handle.stat()).isDirectory();
    if (isDirectory) await mkdir(target, { recursive: true });
    else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, '', { flag: 'a' });
    }
    await mounter.bindMount(
      join('/proc', String(process.pid), 'fd', String(handle.fd)),
      target,
      false,
    );
    return target;
  } finally {
    await handle.close();
  }
}

/** The text of a file in a volume; throws when the path leads out of it. */
export async function readInside(volume: string, path: string): Promise<string> {
  checkSubPath(path);
  const root = await realpath(volume);
  const handle = await open(await realpath(join(volume, path)), readOnly);
  try {
    const opened = await readlink(viaHandle(handle));
    if (!inside(opened, root)) throw new Error(`${path} leaves the volume`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** The name of the mount of one volumeMount of a container under the pod's subpath folder. */
export function subPathTarget(
  root: string,
  volume: string,
  container: string,
  index: number,
): string {
  return join(root, basename(volume), container, String(index));
}
