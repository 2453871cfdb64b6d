/** Mounts of a node: what must be shared for volumes to propagate, and what must go at the end. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Layout } from './layout.ts';

interface Mount {
  readonly point: string;
  /** Mounts below show up in other namespaces (mount_namespaces(7)). */
  readonly shared: boolean;
}

/** Reads the text of /proc/self/mountinfo. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(' ');
      const optional = fields.slice(6, fields.indexOf('-', 6));
      return {
        point: unescapeOctal(fields[4] ?? ''),
        shared: optional.some((f) => f.startsWith('shared:')),
      };
    });
}

/** Spaces and the like are written as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

const mounts = () => parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));

/** The mount that a path lies on. */
export function mountOf(all: readonly Mount[], path: string): Mount | undefined {
  return all
    .filter(({ point }) => path === point || path.startsWith(point.replace(/\/?$/, '/')))
    .reduce<Mount | undefined>(
      // Of two on one point the later hides the earlier.
      (best, m) => (best === undefined || m.point.length >= best.point.length ? m : best),
      undefined,
    );
}

/**
 * Makes mounts below the node agent's folder visible to containers and back. Most systems share
 * all mounts from the start; where not, the folder becomes a shared mount of its own.
 */
export function shareKubeletFolder(layout: Layout): void {
  if (mountOf(mounts(), layout.kubelet)?.shared === true) return;
  execFileSync('mount', ['--bind', layout.kubelet, layout.kubelet]);
  execFileSync('mount', ['--make-rshared', layout.kubelet]);
}

/** Unmounts what a node mounted, the latest first: volumes, root file systems, namespaces. */
export function unmountNode(layout: Layout): void {
  const ours = (point: string) =>
    point === layout.kubelet ||
    point.startsWith(`${layout.kubelet}/`) ||
    point.startsWith(`${layout.containerd}/state/`);
  const points = mounts()
    .map(({ point }) => point)
    .filter(ours)
    .reverse();
  for (const point of points) execFileSync('umount', ['-l', point], { stdio: 'ignore' });
}
