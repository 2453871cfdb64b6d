/**
 * What grows with the number of objects: fills the API server with pods and measures on the way.
 *
 *   node hack/bench-scale.ts [--pods 2000,50000] [--etcd http://127.0.0.1:2379]
 *
 * At each number of pods: resident memory, server CPU of a get, of a list by node (whose pods are
 * always 20), how long a watch takes to start, and how long the server takes to start again. Pods
 * are spread over namespaces of 500. A benchmark, not a test: it judges nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  cpuMicros,
  type RunningServer,
  residentMib,
  startServer,
  stop,
  token,
} from './bench-server.ts';

const { values: flags } = parseArgs({
  options: {
    pods: { type: 'string', default: '2000,50000' },
    etcd: { type: 'string' },
  },
});
const perNamespace = 500;
const podsOfNode = 20;
const connections = 32;
const measuredMs = 3000;
const watchStarts = 20;

const agent = new Agent({ keepAlive: true, maxSockets: connections });
const folder = mkdtempSync(join(tmpdir(), 'k8ts-scale-'));
const args = flags.etcd === undefined ? [] : [`--etcd-servers=${flags.etcd}`];
let server: RunningServer | undefined;
try {
  server = await startServer(folder, 'data', args);
  let made = 0;
  console.log('| pods | memory, MiB | get, us | list by node, us | watch starts, ms | start, ms |');
  console.log('|---:|---:|---:|---:|---:|---:|');
  for (const wanted of flags.pods.split(',').map(Number)) {
    await fill(server.port, made, wanted);
    made = wanted;
    await report(server, made);
    await stop(server.child);
    server = await startServer(folder, 'data', args);
    const again = `after the start: ${residentMib(server.child.pid!)} MiB`;
    console.log(`| ${again} | | | | | ${server.startMs.toFixed(0)} |`);
  }
} finally {
  agent.destroy();
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
  const watch = await watchStart(port);
  const cells = [pods, memory, get.toFixed(0), byNode.toFixed(0), watch.toFixed(1), ''];
  console.log(`| ${cells.join(' | ')} |`);
}

/** Server CPU of a GET, in microseconds. */
async function cost(port: number, pid: number, path: (i: number) => string): Promise<number> {
  const before = cpuMicros(pid);
  const until = performance.now() + measuredMs;
  let count = 0;
  await together(async () => {
    while (performance.now() < until) await call(port, 'GET', path(count++));
  });
  return (cpuMicros(pid) - before) / count;
}

/** From the request to the head of its answer, the median of several watches of all pods. */
async function watchStart(port: number): Promise<number> {
  const { metadata } = JSON.parse(await call(port, 'GET', '/api/v1/pods?limit=1')) as {
    metadata: { resourceVersion: string };
  };
  const times: number[] = [];
  for (let i = 0; i < watchStarts; i++) {
    const path = `/api/v1/pods?watch=1&resourceVersion=${metadata.resourceVersion}`;
    const started = performance.now();
    await new Promise<void>((resolve, reject) => {
      const watch = request(options(port, 'GET', path), (response) => {
        times.push(performance.now() - started);
        response.on('error', () => {});
        response.destroy();
        resolve();
      });
      watch.on('error', reject);
      watch.end();
    });
  }
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
      await call(port, 'POST', podPath(i).replace(/\/[^/]*$/, ''), pod(i));
    }
  });
}

function podPath(i: number): string {
  return `/api/v1/namespaces/ns-${Math.floor(i / perNamespace)}/pods/pod-${i}`;
}

/** A pod of 3 KB as stored. */
function pod(i: number): object {
  const labels = { app: `app-${i % 100}`, tier: i % 2 === 0 ? 'web' : 'db' };
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

function together(work: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: connections }, work));
}

function options(port: number, method: string, path: string, type?: string) {
  return {
    agent,
    port,
    method,
    path,
    rejectUnauthorized: false,
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: 'application/json',
      ...(type === undefined ? {} : { 'Content-Type': type }),
    },
  };
}

/** The body of the answer; throws for one that is an error. */
function call(port: number, method: string, path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? undefined : 'application/json';
    const req = request(options(port, method, path, type), (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode! < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    req.on('error', reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
