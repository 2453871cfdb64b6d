/** `k8ts controller-manager`: flags by their upstream names (controller-manager/flags.ts). */
import type { Command } from 'commander';
import { type FlagName, flags, parseFlags } from '../../controller-manager/flags.ts';
import { run as runControllers } from '../../controller-manager/main.ts';
import type { Start } from '../command.ts';
import { componentClient, componentLog } from '../component.ts';
import { flagValues } from '../flag-values.ts';

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  for (const [name, flag] of Object.entries(flags)) {
    command.option(`--${name} <${flag.kind}>`, flag.help);
  }
  command.option('--log-level <level>', 'trace, debug, info, warn, error', 'info');
  command.action((given: Record<string, string>) => {
    const values: Record<string, string> = {};
    for (const name of Object.keys(flags) as FlagName[]) {
      const value = given[name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase())];
      if (value !== undefined) values[name] = value;
    }
    const { options, kubeconfig, bindAddress, securePort, tls } = parseFlags(values);
    const log = componentLog('controller-manager', given['logLevel']);
    return run(async (signal) => {
      using client = componentClient(kubeconfig, 'controller-manager');
      await runControllers(
        {
          client,
          options,
          log,
          bindAddress,
          securePort,
          flags: flagValues(command, given),
          ...(tls === undefined ? {} : { tls }),
        },
        signal,
      );
    });
  });
}
