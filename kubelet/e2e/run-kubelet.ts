/** Runs the kubelet alone, for tests by hand: `run-kubelet.ts --kubeconfig=… --config=…`. */
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/rest-client.ts';
import { defaultConfiguration } from '../config/configuration.ts';
import { applyFlags, defaultIdentity } from '../config/flags.ts';
import { parseConfiguration } from '../config/parse-configuration.ts';
import { run } from '../main.ts';

const flags = process.argv.slice(2).map((arg): [string, string] => {
  const [name = '', ...value] = arg.replace(/^--/, '').split('=');
  return [name, value.join('=')];
});
const file = flags.find(([name]) => name === 'config')?.[1];
const base = file ? parseConfiguration(readFileSync(file, 'utf8')) : defaultConfiguration();
const { identity, configuration } = applyFlags(flags, defaultIdentity(), base);
const client = createClient(loadKubeconfig(identity.kubeconfig!), { component: 'kubelet' });
const log = pino({ name: 'kubelet', level: process.env['LOG'] ?? 'info' });
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
// `kill -USR2`: what the memory is used for.
process.on('SIGUSR2', () => log.info({ ...process.memoryUsage() }, 'memory'));
await run({ client, configuration, identity, log }, stop.signal);
client.close();
