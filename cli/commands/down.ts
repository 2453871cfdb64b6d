/** `k8ts down`: stops the cluster of this machine and waits until nothing of it is left. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { cleanNode } from '../cluster/clean-node.ts';
import { Layout } from '../cluster/layout.ts';
import { processNames } from '../cluster/processes.ts';
import { isOurs, stopLeftovers } from '../cluster/supervisor.ts';
import type { Start } from '../command.ts';
import { defaultDataDir } from './up.ts';

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .option('--data-dir <dir>', 'of the cluster', defaultDataDir())
    .action((flags: { dataDir: string }) =>
      run(async (signal) => {
        const layout = new Layout(resolve(flags.dataDir));
        const pidFile = join(layout.root, 'k8ts.pid');
        if (existsSync(pidFile)) {
          const pid = Number(readFileSync(pidFile, 'utf8'));
          if (isOurs(pid, layout) || isSupervisor(pid)) {
            process.kill(pid, 'SIGTERM');
            while (isSupervisor(pid) && !signal.aborted) {
              await new Promise((r) => setTimeout(r, 100));
            }
            console.log('stopped');
            return;
          }
        }
        // The supervisor was killed: what it started may still run.
        await stopLeftovers(processNames, layout);
        await cleanNode(layout, (line) => console.log(line));
        rmSync(pidFile, { force: true });
        console.log('nothing was running; leftovers are gone');
      }),
    );
}

function isSupervisor(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.includes('up') && words.some((w) => w.endsWith('cli/main.ts'));
  } catch {
    return false;
  }
}
