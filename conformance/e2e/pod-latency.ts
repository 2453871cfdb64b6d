/**
 * Measures pods from create to Running as a watch shows it, in milliseconds:
 *   pod-latency.ts KUBECONFIG NAMESPACE ONE_BY_ONE TOGETHER
 * Prints one line of JSON: {"single": [...], "together": [...], "deleted": [...]}.
 */
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { pods } from '../../client/resources.ts';
import { createClient } from '../../client/rest-client.ts';
import type { Pod } from '../../machinery/schema/wire.ts';

const [kubeconfig = '', namespace = '', single = '10', together = '30'] = process.argv.slice(2);
const client = createClient(loadKubeconfig(kubeconfig), { component: 'e2e' });
const running = new Map<string, PromiseWithResolvers<void>>();
const gone = new Map<string, PromiseWithResolvers<void>>();

function when(of: typeof running, name: string): PromiseWithResolvers<void> {
  let at = of.get(name);
  if (at === undefined) {
    at = Promise.withResolvers<void>();
    of.set(name, at);
  }
  return at;
}

const stop = new AbortController();
async function follow(): Promise<void> {
  const { metadata } = await client.list(pods, { namespace });
  const resourceVersion = metadata?.resourceVersion ?? '';
  for await (const event of client.watch(pods, {
    namespace,
    resourceVersion,
    signal: stop.signal,
  })) {
    const { metadata, status } = event.object as Pod;
    const name = metadata?.name ?? '';
    if (status?.phase === 'Running') when(running, name).resolve();
    if (event.type === 'DELETED') when(gone, name).resolve();
  }
}

async function create(name: string): Promise<number> {
  const startedMs = performance.now();
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10' }],
    },
  });
  await when(running, name).promise;
  return performance.now() - startedMs;
}

async function remove(name: string): Promise<number> {
  const startedMs = performance.now();
  await client.delete(pods, { namespace, name });
  await when(gone, name).promise;
  return performance.now() - startedMs;
}

const following = follow().catch((error: unknown) => {
  if (!stop.signal.aborted) throw error;
});
const names = (prefix: string, count: string) =>
  Array.from({ length: Number(count) }, (_, i) => `${prefix}-${i}`);
const result: Record<string, number[]> = { single: [], deleted: [], together: [] };
for (const name of names('single', single)) {
  result['single']!.push(await create(name));
  result['deleted']!.push(await remove(name));
}
const startedMs = performance.now();
result['together'] = await Promise.all(names('together', together).map(create));
result['all'] = [performance.now() - startedMs];
await Promise.all(names('together', together).map(remove));
stop.abort();
await following;
client.close();
console.log(JSON.stringify(result));
