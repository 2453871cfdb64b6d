/** `k8ts scheduler`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { defaultConfiguration, parseConfiguration } from '../../scheduler/config/configuration.ts';
import { run as runScheduler } from '../../scheduler/main.ts';
import { type Start, toBool, toNumber } from '../command.ts';
import { componentClient, componentLog } from '../component.ts';
import { flagValues } from '../flag-values.ts';

interface Flags {
  config?: string;
  kubeconfig?: string;
  leaderElect?: boolean;
  bindAddress: string;
  securePort: number;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  logLevel: string;
}

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .option('--config <file>', 'KubeSchedulerConfiguration v1')
    .option('--kubeconfig <file>', 'how to reach the API server')
    .option('--leader-elect <bool>', 'run only while holding the lease', toBool)
    .option('--bind-address <ip>', 'address of the health port', '0.0.0.0')
    .option('--secure-port <port>', 'health port; 0 for none', toNumber, 10259)
    .option('--tls-cert-file <file>', 'certificate of the health port')
    .option('--tls-private-key-file <file>', 'key of the health port')
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'info')
    .action((flags: Flags) => {
      const base =
        flags.config === undefined
          ? defaultConfiguration()
          : parseConfiguration(readFileSync(flags.config, 'utf8'));
      const configuration =
        flags.leaderElect === undefined
          ? base
          : {
              ...base,
              leaderElection: { ...base.leaderElection, leaderElect: flags.leaderElect },
            };
      const { tlsCertFile, tlsPrivateKeyFile } = flags;
      const tls =
        tlsCertFile === undefined || tlsPrivateKeyFile === undefined
          ? {}
          : {
              tls: {
                cert: readFileSync(tlsCertFile, 'utf8'),
                key: readFileSync(tlsPrivateKeyFile, 'utf8'),
              },
            };
      return run(async (signal) => {
        using client = componentClient(flags.kubeconfig ?? configuration.kubeconfig, 'scheduler');
        await runScheduler(
          {
            client,
            configuration,
            log: componentLog('scheduler', flags.logLevel),
            bindAddress: flags.bindAddress,
            securePort: flags.securePort,
            flags: flagValues(command, flags),
            ...tls,
          },
          signal,
        );
      });
    });
}
