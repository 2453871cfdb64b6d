/** Mounts on the host: the few kinds the kubelet makes, behind an interface for tests. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Mounter {
  /** Options as for `mount -o`: `size=1024`, `mode=1777`. */
  mountTmpfs(path: string, options: readonly string[]): Promise<void>;
  /** `source` may be a directory or a file; `target` exists. */
  bindMount(source: string, target: string, readOnly: boolean): Promise<void>;
  /** Every mount at or below `path` goes, the deepest first; throws when one stays. */
  unmountAll(path: string): Promise<void>;
  isMountPoint(path: string): Promise<boolean>;
}

const run = promisify(execFile);

async function mount(...args: string[]): Promise<void> {
  try {
    await run('mount', args);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`mount ${args.join(' ')}: ${stderr?.trim() || (error as Error).message}`);
  }
}

/** Octal escapes stand for blanks in mountinfo. */
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, o: string) => String.fromCharCode(Number.parseInt(o, 8)));
}

/** Mount points of this process's namespace, oldest first. */
async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => unescapeOctal(line.split(' ')[4]!));
}

async function mountsBelow(path: string): Promise<string[]> {
  return (await mountPoints()).filter((m) => m === path || m.startsWith(`${path}/`));
}

/** Mounts with the mount(8) and umount(8) of the host. */
export const hostMounter: Mounter = {
  mountTmpfs: (path, options) =>
    mount('-t', 'tmpfs', ...(options.length > 0 ? ['-o', options.join(',')] : []), 'tmpfs', path),

  async bindMount(source, target, readOnly) {
    // No canonical paths: the source may be a /proc/<pid>/fd link that pins a directory.
    await mount('--bind', '--no-canonicalize', source, target);
    if (readOnly) await mount('-o', 'remount,bind,ro', target);
  },

  async unmountAll(path) {
    for (const point of (await mountsBelow(path)).reverse()) {
      try {
        await run('umount', [point]);
      } catch {
        // Somebody has a file open there: detach it now, the kernel frees it later.
        await run('umount', ['-l', point]);
      }
    }
    const left = await mountsBelow(path);
    if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
  },

  async isMountPoint(path) {
    return (await mountPoints()).includes(path);
  },
};
