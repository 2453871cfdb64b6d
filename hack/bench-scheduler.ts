/**
 * Measures the scheduler in one process, without a server: nodes and pods are handed to it, and
 * bindings are answered at once. Prints pods per second and CPU time per pod.
 *
 *     node hack/bench-scheduler.ts [--nodes 1000] [--pods 5000] [--mix plain|affinity|spread]
 */
import { parseArgs } from 'node:util';
import type { Client } from '../client/client.ts';
import { silentLog } from '../client/log.ts';
import { Store } from '../client/store.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import type { KubeObject, Pod } from '../machinery/schema/wire.ts';
import { defaultConfiguration } from '../scheduler/config/configuration.ts';
import { nodeHandler, podHandler } from '../scheduler/event-handlers.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { testNode, testPod } from '../scheduler/test-bed.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '5000' },
    mix: { type: 'string', default: 'plain' },
  },
});
const nodeCount = Number(values.nodes);
const podCount = Number(values.pods);

function spec(i: number): Partial<NonNullable<Pod['spec']>> {
  const labelSelector = { matchLabels: { app: `a${i % 20}` } };
  if (values.mix === 'affinity') {
    const podAffinityTerm = { topologyKey: 'kubernetes.io/hostname', labelSelector };
    const preferred = [{ weight: 10, podAffinityTerm }];
    return {
      affinity: {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred },
      },
    };
  }
  if (values.mix !== 'spread') return {};
  const topologyKey = 'topology.kubernetes.io/zone';
  const whenUnsatisfiable = 'DoNotSchedule';
  return {
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector }],
  };
}

function unused(): never {
  throw new Error('not part of the measurement');
}

const pods = new Store<Pod>();
const none = new Store<never>();
let bound = 0;
const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
const client = {
  post: async (
    _r: unknown,
    key: { namespace?: string; name: string },
    _s: string,
    body: unknown,
  ) => {
    const before = pods.get(key.namespace, key.name)!;
    const nodeName = (body as { target: { name: string } }).target.name;
    const after = { ...before, spec: { ...before.spec!, nodeName } };
    pods.set(after);
    setImmediate(() => {
      handler.updated?.(before, after);
      if (++bound === podCount) finish();
    });
  },
  patch: async () => ({}),
  create: unused,
  get: unused,
} as unknown as Client;

const scheduler = new Scheduler({
  client,
  clock: systemClock,
  random: Math.random,
  listers: new Proxy({ pods } as Record<string, Store<KubeObject>>, {
    get: (target, name) => target[name as string] ?? none,
  }) as never,
  recordEvent: () => {},
  log: silentLog,
  ...defaultConfiguration(),
});
const handler = podHandler(scheduler);
const nodes = nodeHandler(scheduler);
for (let i = 0; i < nodeCount; i++) {
  const labels = { 'topology.kubernetes.io/zone': `z${i % 10}` };
  nodes.added?.(testNode(`n${i}`, { cpu: '32', memory: '64Gi', pods: '110' }, { labels }));
}
scheduler.start();
const cpuBefore = process.cpuUsage();
const startMs = performance.now();
for (let i = 0; i < podCount; i++) {
  const metadata = {
    name: `p${i}`,
    namespace: 'default',
    uid: `u${i}`,
    labels: { app: `a${i % 20}` },
  };
  const pod = testPod(`p${i}`, { cpu: '100m', memory: '100Mi' }, spec(i), metadata);
  pods.set(pod);
  handler.added?.(pod);
}
await finished;
const seconds = (performance.now() - startMs) / 1000;
const cpu = process.cpuUsage(cpuBefore);
await scheduler.stop();
console.log(
  JSON.stringify({
    mix: values.mix,
    nodes: nodeCount,
    pods: podCount,
    seconds: Number(seconds.toFixed(2)),
    pods_per_s: Math.round(podCount / seconds),
    cpu_us_per_pod: Math.round((cpu.user + cpu.system) / podCount),
  }),
);
