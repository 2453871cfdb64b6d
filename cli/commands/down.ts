/** `k8ts down`: stops the cluster of this machine and waits until nothing of it is left. */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { askDown } from '../cluster/control-socket.ts';
import { Layout } from '../cluster/layout.ts';
import { processNames } from '../cluster/processes.ts';
import { stopLeftovers } from '../cluster/supervisor.ts';
import type { Start } from '../command.ts';
import { defaultDataDir } from './up.ts';

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .option('--data-dir <dir>', 'of the cluster', defaultDataDir())
    .action((flags: { dataDir: string }) =>
      run(async () => {
        const layout = new Layout(resolve(flags.dataDir));
        if (!existsSync(layout.root)) throw new Error(`no cluster in ${layout.root}`);
        const print = (line: string) => console.log(line);
        if (await askDown(layout, print)) return;
        // Nobody supervises: one that was killed may have left things behind.
        await stopLeftovers(
          processNames.filter((name) => name !== 'containerd'),
          layout,
        );
        if (existsSync(layout.containerd)) await cleanUp(layout, print);
        await stopLeftovers(['containerd'], layout);
        for (const file of [layout.control, layout.pid('supervisor')])
          rmSync(file, { force: true });
        print('no cluster was running; nothing of it is left');
      }),
    );
}

async function cleanUp(layout: Layout, print: (line: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the cluster has a node: run this as root');
  const { cleanNode } = await import('../cluster/clean-node.ts');
  await cleanNode(layout, print);
}
