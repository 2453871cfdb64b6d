/** `k8ts kubelet`: flags by their upstream names (kubelet/config/flags.ts). */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { defaultConfiguration } from '../../kubelet/config/configuration.ts';
import { applyFlags, defaultIdentity, kubeletFlags } from '../../kubelet/config/flags.ts';
import { parseConfiguration } from '../../kubelet/config/parse-configuration.ts';
import { run as runKubelet } from '../../kubelet/main.ts';
import type { Start } from '../command.ts';
import { componentClient, componentLog } from '../component.ts';
import { flagValues } from '../flag-values.ts';

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  const options = kubeletFlags.map((flag) => {
    const option = new Option(`--${flag.name} ${flag.value}`, flag.help);
    command.addOption(option);
    return [flag.name, option] as const;
  });
  command.option('--log-level <level>', 'trace, debug, info, warn, error', 'info');
  command.action((given: Record<string, string | true>) => {
    const flags: [string, string][] = [];
    for (const [name, option] of options) {
      const value = given[option.attributeName()];
      // A switch without a value is on.
      if (value !== undefined) flags.push([name, value === true ? '' : value]);
    }
    const file = given['config'];
    const base =
      typeof file === 'string'
        ? parseConfiguration(readFileSync(file, 'utf8'))
        : defaultConfiguration();
    const { identity, configuration } = applyFlags(flags, defaultIdentity(), base);
    return run(async (signal) => {
      using client = componentClient(identity.kubeconfig, 'kubelet');
      const log = componentLog('kubelet', String(given['logLevel']));
      const flags = flagValues(command, given);
      await runKubelet({ client, configuration, identity, log, flags }, signal);
    });
  });
}
