/** fsGroup: the group that owns a volume's files (API reference, PodSecurityContext). */
import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const readWrite = 0o660;
const readOnlyBits = 0o440;
const execute = 0o110;
const setGroupId = 0o2000;

async function change(path: string, group: number, readOnly: boolean): Promise<void> {
  const info = await lstat(path);
  if (info.gid !== group) await lchown(path, info.uid, group);
  // The mode of a link is that of its target.
  if (info.isSymbolicLink()) return;
  let mask = readOnly ? readOnlyBits : readWrite;
  if (info.isDirectory()) mask |= setGroupId | execute;
  const mode = (info.mode & 0o7777) | mask;
  // Always after chown, which clears set-group-id.
  await chmod(path, mode);
}

async function changeTree(path: string, group: number, readOnly: boolean): Promise<void> {
  const info = await lstat(path);
  if (info.isDirectory()) {
    for (const name of await readdir(path)) await changeTree(join(path, name), group, readOnly);
  }
  await change(path, group, readOnly);
}

/** Whether the root already is as `setVolumeOwnership` would make it. */
async function rootMatches(path: string, group: number, readOnly: boolean): Promise<boolean> {
  const info = await lstat(path);
  const bits = (readOnly ? readOnlyBits : readWrite) | execute | setGroupId;
  return info.gid === group && (info.mode & bits) === bits;
}

export interface OwnershipOptions {
  readonly readOnly: boolean;
  /** Skip the walk when the root is right already (`fsGroupChangePolicy`). */
  readonly onRootMismatch?: boolean;
}

/** Gives everything below `path` to `group`, readable (and writable) by it. */
export async function setVolumeOwnership(
  path: string,
  group: number | undefined,
  options: OwnershipOptions,
): Promise<void> {
  if (group === undefined) return;
  const { readOnly, onRootMismatch } = options;
  if (onRootMismatch && (await rootMatches(path, group, readOnly))) return;
  await changeTree(path, group, readOnly);
}
