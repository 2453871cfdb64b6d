/** `k8ts up`: a cluster on this machine, with progress while it starts. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { runCluster } from '../cluster/cluster.ts';
import { Layout } from '../cluster/layout.ts';
import { decideSettings, type UpFlags } from '../cluster/settings.ts';
import { isOurs } from '../cluster/supervisor.ts';
import { type Start, toNumber } from '../command.ts';

/** Where a cluster of root lives, and one without a node of anybody else. */
export function defaultDataDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/k8ts';
  return join(process.env['HOME'] ?? '.', '.local/share/k8ts');
}

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .option('--data-dir <dir>', 'where everything of the cluster stands', defaultDataDir())
    .option('--secure-port <port>', 'port of the API server (6443)', toNumber)
    .option('--node-name <name>', "the node's name (the hostname)")
    .option('--node-ip <ip>', "the node's address (that of the first interface)")
    .option('--service-cidr <cidr>', 'addresses of services (10.96.0.0/16)')
    .option('--pod-cidr <cidr>', 'addresses of pods (10.244.0.0/16)')
    .option('--cluster-dns <ip>', 'address of cluster DNS (the tenth of the services)')
    .option('--cluster-domain <name>', 'domain of services and pods (cluster.local)')
    .option('--no-node', 'only the control plane: needs neither root nor a container runtime')
    .option('--kubeconfig <file>', 'where to write the kubeconfig (in the data directory)')
    .option('--log-level <level>', 'of the components: trace, debug, info, warn, error', 'info')
    .action((flags: UpFlags) =>
      run(async (signal) => {
        const settings = decideSettings(flags);
        const layout = new Layout(settings.dataDir);
        const pidFile = join(settings.dataDir, 'k8ts.pid');
        if (existsSync(pidFile)) {
          const pid = Number(readFileSync(pidFile, 'utf8'));
          if (pid !== process.pid && isOurs(pid, layout)) {
            throw new Error(
              `a cluster already runs on ${settings.dataDir} (pid ${pid}): stop it with 'k8ts down', or use another --data-dir`,
            );
          }
        }
        writeFileSync(pidFile, `${process.pid}\n`);
        try {
          await runCluster(settings, layout, signal, (line) => console.log(line));
        } finally {
          rmSync(pidFile, { force: true });
        }
      }),
    );
}
