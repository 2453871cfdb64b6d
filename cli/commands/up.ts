/** `k8ts up`: a cluster on this machine, with progress while it starts. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { checkDataDir } from '../cluster/control-socket.ts';
import { Layout, rootDataDir } from '../cluster/layout.ts';
import { decideSettings, makeDataDir, type UpFlags } from '../cluster/settings.ts';
import { becomeSupervisor } from '../cluster/supervise.ts';
import { type Start, toNumber } from '../command.ts';

/** Where a cluster of root lives, and one without a node of anybody else. */
export function defaultDataDir(): string {
  if (process.getuid?.() === 0) return rootDataDir;
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
    .option('--images <dir>', 'import the image archives (*.tar) there: pods without a registry')
    .option('--kubeconfig <file>', 'where to write the kubeconfig (in the data directory)')
    .option('--log-level <level>', 'of the components: trace, debug, info, warn, error', 'info')
    .action((flags: UpFlags) =>
      run(async () => {
        const dataDir = resolve(flags.dataDir);
        const layout = new Layout(dataDir);
        makeDataDir(dataDir);
        await checkDataDir(layout);
        becomeSupervisor(decideSettings(flags, dataDir), layout);
      }),
    );
}
