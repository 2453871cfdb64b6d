/** `k8ts proxy`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { defaultConfiguration, parseConfiguration } from '../../proxy/config/configuration.ts';
import { cleanUp, run as runProxy } from '../../proxy/main.ts';
import type { Start } from '../command.ts';
import { componentClient, componentLog } from '../component.ts';
import { flagValues } from '../flag-values.ts';

interface Flags {
  config?: string;
  kubeconfig?: string;
  hostnameOverride?: string;
  cleanup?: boolean;
  logLevel: string;
}

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .option('--config <file>', 'KubeProxyConfiguration v1alpha1')
    .option('--kubeconfig <file>', 'how to reach the API server')
    .option('--hostname-override <name>', "the node's name")
    .option('--cleanup', "take the proxy's rules away and exit")
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'info')
    .action((flags: Flags) => {
      if (flags.cleanup === true) return run(() => cleanUp());
      const base =
        flags.config === undefined
          ? defaultConfiguration()
          : parseConfiguration(readFileSync(flags.config, 'utf8'));
      const { hostnameOverride = base.hostnameOverride } = flags;
      const configuration = { ...base, hostnameOverride };
      return run(async (signal) => {
        using client = componentClient(flags.kubeconfig ?? configuration.kubeconfig, 'proxy');
        const log = componentLog('proxy', flags.logLevel);
        await runProxy({ client, configuration, log, flags: flagValues(command, flags) }, signal);
      });
    });
}
