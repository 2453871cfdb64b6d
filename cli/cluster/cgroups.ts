/** The node's control group in every hierarchy: ending what runs in it, removing it. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const top = '/sys/fs/cgroup';
const attempts = 40;
const pauseMs = 50;

/** The group's folders: one with cgroup v2, one per hierarchy with v1. */
function folders(group: string): string[] {
  const roots = [top, ...readdirSync(top).map((name) => join(top, name))];
  return roots.map((root) => join(root, group)).filter((dir) => existsSync(dir));
}

function below(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(dir, entry.name));
}

/** Ends every process in the group and below, and waits until they are gone. */
export async function killGroup(group: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const pids = new Set(folders(group).flatMap(processes));
    if (pids.size === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    }
    await sleep(pauseMs);
  }
}

function processes(dir: string): number[] {
  const own = readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
  return [...own.map(Number), ...below(dir).flatMap(processes)];
}

/** Removes the group everywhere. The kernel takes a moment after the last process ended. */
export async function removeGroup(group: string): Promise<void> {
  for (const dir of folders(group)) {
    for (let attempt = 1; ; attempt++) {
      try {
        removeTree(dir);
        break;
      } catch (error) {
        if (attempt === attempts) throw error;
        await sleep(pauseMs);
      }
    }
  }
}

function removeTree(dir: string): void {
  for (const sub of below(dir)) removeTree(sub);
  rmdirSync(dir);
}
