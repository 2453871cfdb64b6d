/**
 * Subcommands: a line of help and the module that defines each, loaded only when it is the one.
 * Adding one is one line here.
 */
import type { CommandModule } from './command.ts';

export const commands: Readonly<Record<string, readonly [string, () => Promise<CommandModule>]>> = {
  up: ['start a cluster on this machine', () => import('./commands/up.ts')],
  down: ['stop the cluster of this machine', () => import('./commands/down.ts')],
  apiserver: ['run the API server', () => import('./commands/apiserver.ts')],
  'controller-manager': ['run the controllers', () => import('./commands/controller-manager.ts')],
  scheduler: ['run the scheduler', () => import('./commands/scheduler.ts')],
  kubelet: ['run the node agent', () => import('./commands/kubelet.ts')],
  proxy: ['run the service proxy', () => import('./commands/proxy.ts')],
  dns: ['run the cluster DNS', () => import('./commands/dns.ts')],
  snapshot: ['save and restore the embedded store', () => import('./commands/snapshot.ts')],
  storage: ['take the store elsewhere', () => import('./commands/storage.ts')],
  host: ['run several components in one process', () => import('./commands/host.ts')],
};
