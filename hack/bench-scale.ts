/**
 * What grows with what is there: fills the API server with pods and measures on the way.
 *
 *   node hack/bench-scale.ts [--pods 2000,50000] [--etcd http://127.0.0.1:2379]
 *
 * At each number of pods: resident memory, server CPU of a get, of lists whose pods are always 20 (by
 * node, by label in a namespace, a page in its middle), how long a watch takes to start, and how
 * long the server takes to start again. Pods are spread over namespaces of 1000. At the end, what
 * a get, a list by label and a patch cost beside watchers that select other objects, and beside
 * further kinds: no more than alone. A benchmark, not a test: it judges nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { call, disconnect, endWatches, together, watch } from './bench-client.ts';
import { cpuMicros, type RunningServer, residentMib, startServer, stop } from './bench-server.ts';

const { values: flags } = parseArgs({
  options: {
    pods: { type: 'string', default: '2000,50000' },
    etcd: { type: 'string' },
  },
});
const perNamespace = 1000;
const podsOfNode = 20;
/** In each namespace: 20 pods have the same. */
const apps = 50;
const watchersOfEach = 250;
const kinds = 200;
const measuredMs = 3000;
const watchStarts = 20;

/** Watches of pods none of which is patched. */
const otherWatches: readonly (readonly [string, (i: number) => string])[] = [
  ['other namespaces', (i) => `/api/v1/namespaces/other-${i}/pods?watch=1`],
  ['other names', (i) => `${podsPath(0)}?watch=1&fieldSelector=metadata.name%3Dother-${i}`],
  ['other nodes', (i) => `/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dother-${i}`],
  ['other labels', (i) => `${podsPath(0)}?watch=1&labelSelector=app%3Dother-${i}`],
];

const folder = mkdtempSync(join(tmpdir(), 'k8ts-scale-'));
const args = flags.etcd === undefined ? [] : [`--etcd-servers=${flags.etcd}`];
let server: RunningServer | undefined;
try {
  server = await startServer(folder, 'data', args);
  let made = 0;
  console.log(
    '| pods | memory, MiB | get, us | by node, us | by label, us | page, us | watch starts, ms | start, ms |',
  );
  console.log('|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const wanted of flags.pods.split(',').map(Number)) {
    await fill(server.port, made, wanted);
    made = wanted;
    await report(server, made);
    await stop(server.child);
    server = await startServer(folder, 'data', args);
    const again = `after the start: ${residentMib(server.child.pid!)} MiB`;
    console.log(`| ${again} | | | | | | | ${server.startMs.toFixed(0)} |`);
  }
  await besideOthers(server, made);
} finally {
  disconnect();
  if (server !== undefined) await stop(server.child);
  rmSync(folder, { recursive: true, force: true });
}

async function report({ child, port }: RunningServer, pods: number): Promise<void> {
  const pid = child.pid!;
  const memory = residentMib(pid);
  const get = await cost(port, pid, (i) => podPath((i * 7919) % pods));
  const nodes = Math.ceil(pods / podsOfNode);
  const byNode = await cost(port, pid, (i) => {
    return `/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-${i % nodes}&resourceVersion=0`;
  });
  const byLabel = await cost(port, pid, labelPath);
  const start = await middleOf(port);
  const page = await cost(port, pid, () => `${podsPath(0)}?limit=20&continue=${start}`);
  const starts = await watchStart(port);
  const us = [get, byNode, byLabel, page].map((n) => n.toFixed(0));
  console.log(`| ${[pods, memory, ...us, starts.toFixed(1), ''].join(' | ')} |`);
}

/** What others want must cost nothing: watchers of other objects, kinds that are not asked for. */
async function besideOthers({ child, port }: RunningServer, pods: number): Promise<void> {
  console.log('| beside | get, us | by label, us | patch, us |');
  console.log('|---|---:|---:|---:|');
  const pid = child.pid!;
  const row = async (name: string) => {
    const get = await cost(port, pid, (i) => podPath((i * 7919) % pods));
    const byLabel = await cost(port, pid, labelPath);
    const patch = await costOf(pid, (i) => {
      const body = { metadata: { annotations: { 'example.com/round': String(i) } } };
      return call(port, 'PATCH', podPath(i % podsOfNode), body, 'application/merge-patch+json');
    });
    console.log(`| ${[name, ...[get, byLabel, patch].map((n) => n.toFixed(0))].join(' | ')} |`);
  };
  await row('nothing (the server is cold)');
  await row('nothing');
  for (const [name, path] of otherWatches) {
    let next = 0;
    await together(async () => {
      while (next < watchersOfEach) await watch(port, path(next++));
    });
    await row(`${watchersOfEach} watchers of ${name}`);
    endWatches();
  }
  for (let i = 0; i < kinds; i++) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await call(port, 'POST', path, definition(i));
  }
  await row(`${kinds} more kinds, just made`);
  await row(`${kinds} more kinds`);
}

/** Server CPU of a GET, in microseconds. */
function cost(port: number, pid: number, path: (i: number) => string): Promise<number> {
  return costOf(pid, (i) => call(port, 'GET', path(i)));
}

async function costOf(pid: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const before = cpuMicros(pid);
  const until = performance.now() + measuredMs;
  let count = 0;
  await together(async () => {
    while (performance.now() < until) await work(count++);
  });
  return (cpuMicros(pid) - before) / count;
}

/** The token of a page that begins in the middle of a namespace. */
async function middleOf(port: number): Promise<string> {
  const text = await call(port, 'GET', `${podsPath(0)}?limit=${perNamespace / 2}`);
  const { metadata } = JSON.parse(text) as { metadata: { continue: string } };
  return metadata.continue;
}

/** From the request to the head of its answer, the median of several watches of all pods. */
async function watchStart(port: number): Promise<number> {
  const { metadata } = JSON.parse(await call(port, 'GET', '/api/v1/pods?limit=1')) as {
    metadata: { resourceVersion: string };
  };
  const path = `/api/v1/pods?watch=1&resourceVersion=${metadata.resourceVersion}`;
  const times: number[] = [];
  for (let i = 0; i < watchStarts; i++) times.push(await watch(port, path));
  endWatches();
  return times.sort((a, b) => a - b)[watchStarts >> 1]!;
}

async function fill(port: number, from: number, to: number): Promise<void> {
  for (let n = Math.ceil(from / perNamespace); n * perNamespace < to; n++) {
    const name = `ns-${n}`;
    await call(port, 'POST', '/api/v1/namespaces', { metadata: { name } });
    const account = { metadata: { name: 'default' } };
    await call(port, 'POST', `/api/v1/namespaces/${name}/serviceaccounts`, account);
  }
  let next = from;
  await together(async () => {
    while (next < to) {
      const i = next++;
      await call(port, 'POST', podsPath(Math.floor(i / perNamespace)), pod(i));
    }
  });
}

function podsPath(namespace: number): string {
  return `/api/v1/namespaces/ns-${namespace}/pods`;
}

function podPath(i: number): string {
  return `${podsPath(Math.floor(i / perNamespace))}/pod-${i}`;
}

function labelPath(i: number): string {
  return `${podsPath(0)}?labelSelector=app%3Dapp-${i % apps}`;
}

function definition(i: number): object {
  const group = 'scale.example.com';
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    metadata: { name: `things${i}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: `Thing${i}`, plural: `things${i}` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

/** A pod of 3 KB as stored. */
function pod(i: number): object {
  const labels = { app: `app-${i % apps}`, tier: i % 2 === 0 ? 'web' : 'db' };
  const annotations = { 'example.com/note': 'x'.repeat(200) };
  return {
    metadata: { name: `pod-${i}`, labels, annotations },
    spec: {
      nodeName: `node-${Math.floor(i / podsOfNode)}`,
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'main',
          image: 'nginx:1.27',
          ports: [{ containerPort: 80 }],
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/', port: 80 } },
        },
        { name: 'side', image: 'busybox:1.36', command: ['sh', '-c', 'sleep 1d'] },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  };
}
