/**
 * The proxy against a real kernel, in network namespaces of its own without a way out: a node with
 * two pods behind a bridge, and a client outside. Needs root, nft, ip, conntrack.
 *
 *     node proxy/e2e/services.ts
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClient } from '../../client/fake-client.ts';
import { silentLog } from '../../client/log.ts';
import * as resources from '../../client/resources.ts';
import type { EndpointSlice, Service } from '../../machinery/schema/wire.ts';
import { defaultConfiguration } from '../config/configuration.ts';
import { run } from '../main.ts';

const node = `kproxy-${process.pid}-n`;
const inside = process.env['PROXY_E2E_NODE'];

/** Answers TCP with who it is and who asked; echoes UDP the same way. */
const server = `
const who = process.argv[2];
const answer = (q, r) => r.end(who + ' ' + q.socket.remoteAddress);
require('http').createServer(answer).listen(8080, '0.0.0.0');
const udp = require('dgram').createSocket('udp4');
udp.on('message', (m, from) => udp.send(who + ' ' + from.address, from.port, from.address));
udp.bind(8080, '0.0.0.0', () => console.log('up'));
`;
/** Asks once; prints the answer or the error's code. */
const client = `
const [kind, host, port] = process.argv.slice(2);
const done = (text) => { console.log(text); process.exit(0); };
setTimeout(() => done('TIMEOUT'), 1500);
if (kind === 'udp') {
  const socket = require('dgram').createSocket('udp4');
  socket.on('error', (e) => done(e.code));
  socket.on('message', (m) => done(String(m)));
  socket.bind(5555, () => socket.send('x', Number(port), host));
} else {
  const answered = (r) => {
    let text = '';
    r.on('data', (c) => { text += c; });
    r.on('end', () => done(text));
  };
  const asked = require('http').get({ host, port, agent: false }, answered);
  asked.on('error', (e) => done(e.code));
}
`;

if (inside === undefined) outer();
else await main(inside);

/** Makes the node's namespace and runs this file in it. */
function outer(): void {
  const spaces = [node, `${node}-a`, `${node}-b`, `${node}-c`];
  const sh = (...args: string[]) => execFileSync(args[0]!, args.slice(1), { stdio: 'inherit' });
  let failed = true;
  try {
    for (const space of spaces) {
      sh('ip', 'netns', 'add', space);
      sh('ip', '-n', space, 'link', 'set', 'lo', 'up');
    }
    sh('ip', '-n', node, 'link', 'add', 'br0', 'type', 'bridge');
    sh('ip', '-n', node, 'addr', 'add', '10.244.0.1/24', 'dev', 'br0');
    sh('ip', '-n', node, 'link', 'set', 'br0', 'up');
    const join = (space: string, name: string, address: string, gateway: string) => {
      sh('ip', '-n', node, 'link', 'add', name, 'type', 'veth', 'peer', 'eth0', 'netns', space);
      sh('ip', '-n', space, 'addr', 'add', address, 'dev', 'eth0');
      sh('ip', '-n', space, 'link', 'set', 'eth0', 'up');
      sh('ip', '-n', space, 'route', 'add', 'default', 'via', gateway);
      sh('ip', '-n', node, 'link', 'set', name, 'up');
    };
    join(spaces[1]!, 'va', '10.244.0.5/24', '10.244.0.1');
    join(spaces[2]!, 'vb', '10.244.0.6/24', '10.244.0.1');
    join(spaces[3]!, 'vc', '192.168.77.2/24', '192.168.77.1');
    for (const name of ['va', 'vb']) {
      sh('ip', '-n', node, 'link', 'set', name, 'master', 'br0');
      // As the bridge plugin does with `hairpinMode`.
      sh('ip', '-n', node, 'link', 'set', name, 'type', 'bridge_slave', 'hairpin', 'on');
    }
    sh('ip', '-n', node, 'addr', 'add', '192.168.77.1/24', 'dev', 'vc');
    // Traffic to services needs some route before it is redirected; the client forwards nothing.
    sh('ip', '-n', node, 'route', 'add', 'default', 'via', '192.168.77.2');
    sh('ip', 'netns', 'exec', node, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    execFileSync('ip', ['netns', 'exec', node, process.execPath, import.meta.filename], {
      stdio: 'inherit',
      env: { ...process.env, PROXY_E2E_NODE: node },
      timeout: 120_000,
    });
    failed = false;
  } finally {
    for (const space of spaces) execFileSync('ip', ['netns', 'del', space]);
  }
  console.log(failed ? 'FAILED' : 'all passed');
}

async function main(space: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-e2e-'));
  const files = { server: join(folder, 'server.cjs'), client: join(folder, 'client.cjs') };
  writeFileSync(files.server, server);
  writeFileSync(files.client, client);
  const children: ChildProcess[] = [];
  for (const pod of ['a', 'b']) {
    const args = ['netns', 'exec', `${space}-${pod}`, process.execPath, files.server, pod];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    children.push(child);
  }
  const stop = new AbortController();
  try {
    await checks(space, files.client, stop);
  } finally {
    stop.abort();
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function slice(
  name: string,
  ips: readonly string[],
  protocol = 'TCP',
  nodeName = 'n1',
): EndpointSlice {
  return {
    metadata: { name, namespace: 'ns', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol }],
    endpoints: ips.map((ip) => ({ addresses: [ip], nodeName, conditions: { ready: true } })),
  };
}

function service(name: string, clusterIP: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    metadata: { name, namespace: 'ns' },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }], ...spec },
  };
}

async function checks(space: string, program: string, stop: AbortController): Promise<void> {
  const ask = async (from: 'a' | 'b' | 'c' | 'n', host: string, port: number, kind = 'tcp') => {
    const where = from === 'n' ? space : `${space}-${from}`;
    const args = ['netns', 'exec', where, process.execPath, program, kind, host, String(port)];
    return execFileSync('ip', args, { encoding: 'utf8' }).trim();
  };
  const both = ['10.244.0.5', '10.244.0.6'];
  const api = new FakeClient();
  api.seed(resources.nodes, {
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.77.1' }] },
  });
  const local = { type: 'NodePort', externalTrafficPolicy: 'Local' };
  const sticky = {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 } },
  };
  api.seed(
    resources.services,
    service('web', '10.96.0.10', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
    service('local', '10.96.0.11', { ...local, ports: [{ port: 80, nodePort: 30081 }] }),
    service('sticky', '10.96.0.12', sticky),
    service('empty', '10.96.0.13', { type: 'NodePort', ports: [{ port: 80, nodePort: 30083 }] }),
    service('udp', '10.96.0.14', { ports: [{ port: 80, protocol: 'UDP' }] }),
    service('balanced', '10.96.0.15', {
      ...local,
      type: 'LoadBalancer',
      ports: [{ port: 80, nodePort: 30085 }],
      healthCheckNodePort: 30185,
    }),
  );
  api.seed(
    resources.endpointSlices,
    slice('web', both),
    slice('local', ['10.244.0.5']),
    slice('sticky', both),
    slice('udp', ['10.244.0.5'], 'UDP'),
    slice('balanced', both),
  );
  const running = run(
    {
      client: api,
      log: silentLog,
      cleanUpOnExit: true,
      configuration: {
        ...defaultConfiguration(),
        hostnameOverride: 'n1',
        healthz: { host: '127.0.0.1', port: 10256 },
        metrics: { host: '127.0.0.1', port: 0 },
        minSyncPeriodMs: 50,
        detectLocal: { mode: 'ClusterCIDR', cidrs: ['10.244.0.0/16'] },
      },
    },
    stop.signal,
  );
  await sleep(700);
  const many = async (n: number, asking: () => Promise<string>) => {
    const answers = new Set<string>();
    for (let i = 0; i < n; i++) answers.add(await asking());
    return [...answers].sort();
  };

  const fromPod = await many(14, () => ask('a', '10.96.0.10', 80));
  // Its own address would be answered directly: it comes back as the node.
  assert.deepEqual(fromPod, ['a 10.244.0.1', 'b 10.244.0.5']);
  console.log('cluster IP from a pod, hairpin included');
  const fromNode = await many(14, () => ask('n', '10.96.0.10', 80));
  assert.deepEqual(
    fromNode.map((text) => text[0]),
    ['a', 'b'],
  );
  console.log('cluster IP from the node');
  assert.deepEqual(await many(14, () => ask('c', '192.168.77.1', 30080)), [
    'a 10.244.0.1',
    'b 10.244.0.1',
  ]);
  console.log('node port from outside, masqueraded');
  assert.deepEqual(await many(4, () => ask('c', '192.168.77.1', 30081)), ['a 192.168.77.2']);
  console.log('node port with policy Local keeps the sender');
  assert.equal((await many(10, () => ask('b', '10.96.0.12', 80))).length, 1);
  console.log('affinity');
  assert.equal(await ask('a', '10.96.0.13', 80), 'ECONNREFUSED');
  assert.equal(await ask('c', '192.168.77.1', 30083), 'ECONNREFUSED');
  assert.equal(await ask('n', '10.96.0.13', 80), 'ECONNREFUSED');
  assert.equal(await ask('a', '10.96.0.10', 81), 'ECONNREFUSED');
  console.log('no endpoints and unknown ports are refused');
  const health = await new Promise<string>((resolve, reject) => {
    get('http://127.0.0.1:30185/', (r) => {
      let text = '';
      r.on('data', (c) => {
        text += c;
      });
      r.on('end', () => resolve(`${r.statusCode} ${JSON.stringify(JSON.parse(text))}`));
    }).on('error', reject);
  });
  const service1 = '{"namespace":"ns","name":"balanced"}';
  assert.equal(health, `200 {"service":${service1},"localEndpoints":2,"serviceProxyHealthy":true}`);
  console.log('health check port');

  assert.equal(await ask('b', '10.96.0.14', 80, 'udp'), 'a 10.244.0.6');
  await api.update(resources.endpointSlices, slice('udp', ['10.244.0.6'], 'UDP'));
  await api.update(resources.endpointSlices, slice('web', ['10.244.0.6']));
  await sleep(500);
  assert.match(await ask('b', '10.96.0.14', 80, 'udp'), /^b /);
  console.log('UDP flows follow a change of endpoints');
  assert.deepEqual(await many(6, () => ask('a', '10.96.0.10', 80)), ['b 10.244.0.5']);
  await api.update(resources.endpointSlices, slice('web', []));
  await sleep(300);
  assert.equal(await ask('a', '10.96.0.10', 80), 'ECONNREFUSED');
  await api.update(resources.endpointSlices, slice('web', both));
  await sleep(300);
  assert.equal((await many(14, () => ask('a', '10.96.0.10', 80))).length, 2);
  console.log('changes by difference');
  execFileSync('nft', ['flush', 'ruleset']);
  await api.update(resources.endpointSlices, slice('web', ['10.244.0.6']));
  await sleep(1800);
  assert.match(await ask('a', '10.96.0.10', 80), /^b /);
  console.log('rules come back after they were flushed');
  stop.abort();
  await running;
  assert.equal(execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).trim(), '');
  console.log('nothing is left');
}
