/** hostPath: a file or directory of the node, checked for its type. */
import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { VolumeKind } from './volume-kind.ts';

const checks: Record<string, { readonly is: (s: Stats) => boolean; readonly what: string }> = {
  Directory: { is: (s) => s.isDirectory(), what: 'a directory' },
  File: { is: (s) => s.isFile(), what: 'a file' },
  Socket: { is: (s) => s.isSocket(), what: 'a socket file' },
  CharDevice: { is: (s) => s.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (s) => s.isBlockDevice(), what: 'a block device' },
};

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Checks the type, making what `…OrCreate` asks for; throws upstream's words. */
export async function checkHostPath(path: string, type: string): Promise<void> {
  if (type === '') return;
  if (type === 'DirectoryOrCreate' && (await statIfThere(path)) === undefined) {
    await mkdir(path, { recursive: true, mode: 0o755 });
  }
  if (type === 'FileOrCreate' && (await statIfThere(path)) === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'a', 0o644)).close();
  }
  const check = checks[type.replace('OrCreate', '')];
  if (check === undefined) throw new Error(`${type} is an invalid volume type`);
  const stats = await statIfThere(path);
  if (stats === undefined || !check.is(stats)) {
    throw new Error(`hostPath type check failed: ${path} is not ${check.what}`);
  }
}

export const hostPath: VolumeKind = {
  field: 'hostPath',
  plugin: 'kubernetes.io/host-path',
  async setUp({ volume }) {
    const { path, type = '' } = volume.hostPath!;
    await checkHostPath(path, type);
    return { path, readOnly: false };
  },
};
