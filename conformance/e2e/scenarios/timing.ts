/** How fast and how big it is: printed, not asserted. */
import { fileURLToPath } from 'node:url';
import type { Scene } from '../steps.ts';

export const name = 'figures';

const script = fileURLToPath(new URL('../pod-latency.ts', import.meta.url));

export async function run({ machine, cluster, step, figure }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('timing');
  await step('pods from create to Running: 10 one by one, 30 together', async () => {
    await kubectl.run(['create', 'namespace', 'timing']);
    const argv = ['node_modules/.bin/node', '--disable-warning=ExperimentalWarning', script];
    const said = await machine.run([...argv, cluster.kubeconfig, 'timing', '10', '30'], {
      timeoutMs: 120_000,
    });
    const { single, together, deleted, all } = JSON.parse(said) as Record<string, number[]>;
    figure(`pod create to Running, one by one: ${spread(single)}`);
    figure(`pod delete to gone: ${spread(deleted)}`);
    figure(`30 pods together: ${spread(together)}; all after ${seconds(all?.[0])}`);
    await kubectl.run(['delete', 'namespace', 'timing', '--timeout=60s']);
  });
  await step('memory of the processes', async () => {
    for (const process of ['supervisor', 'apiserver', 'control', 'node', 'containerd']) {
      const pid = await cluster.pidOf(process);
      const status = await machine.run(['cat', `/proc/${pid}/status`, `/proc/${pid}/smaps_rollup`]);
      const mb = (field: string) =>
        Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024);
      figure(`${process}: ${mb('VmRSS')} MB resident, ${mb('Pss')} MB its share`);
    }
  });
}

function spread(values: readonly number[] = []): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `p50 ${seconds(sorted[Math.floor(sorted.length / 2)])}, max ${seconds(sorted.at(-1))}`;
}

function seconds(ms = Number.NaN): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
