/** Pods and services reach each other: by address, by name, from pods and from the machine. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'the network';

const manifest = await readFile(new URL('../manifests/network.yaml', import.meta.url), 'utf8');

export async function run({ machine, cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('network');
  /** What a pod gets from an address. */
  const get = (from: string, url: string) =>
    kubectl.run(['exec', from, '--', 'timeout', '5', 'wget', '-qO-', url]);
  const lookUp = (query: string) => kubectl.run(['exec', 'client', '--', 'nslookup', query]);
  await step('servers, a client and services are there', async () => {
    await kubectl.run(['create', 'namespace', 'network']);
    await kubectl.apply(manifest);
    await kubectl.run(['wait', '--for=condition=Ready', 'pods', '--all', '--timeout=60s']);
  });
  await step('pod to pod', async () => {
    const ip = await kubectl.field('pod server-a', '{.status.podIP}');
    assert.equal(await get('client', `http://${ip}/`), 'a\n');
  });
  await step('pod to cluster IP: every server gets some', async () => {
    const ip = await kubectl.field('service server', '{.spec.clusterIP}');
    const seen = new Set<string>();
    await eventually(async () => {
      seen.add(await get('client', `http://${ip}/`));
      assert.deepEqual([...seen].sort(), ['a\n', 'b\n']);
    });
  });
  await step('pod to the name of a service: short, with namespace, in full', async () => {
    for (const host of ['server', 'server.network', 'server.network.svc.cluster.local']) {
      assert.match(await get('client', `http://${host}/`), /^[ab]\n$/);
    }
  });
  await step('a pod reaches itself through its service', async () => {
    assert.equal(await get('server-a', 'http://only-a/'), 'a\n');
  });
  await step('DNS: services, headless services, the API, names that are none', async () => {
    const service = await kubectl.field('service server', '{.spec.clusterIP}');
    const pod = await kubectl.field('pod server-a', '{.status.podIP}');
    const names: [string, string][] = [
      ['server.network.svc', service],
      ['headless.network.svc', pod],
      ['kubernetes.default.svc', '10.96.0.1'],
    ];
    for (const [name, ip] of names) {
      assert.match(await lookUp(`${name}.cluster.local`), new RegExp(`Address: ${ip}\n`));
    }
    const none = ['exec', 'client', '--', 'nslookup', 'nothing.network.svc.cluster.local'];
    assert.match((await kubectl.tryRun(none)).stdout, /NXDOMAIN/);
  });
  await step('a pod reaches the API with its account', async () => {
    const said = await kubectl.run(['exec', 'client', '--', 'sh', '-c', apiCall]);
    assert.match(said, /"kind": ?"APIVersions"|"kind": ?"Status"/);
  });
  await step('the machine reaches cluster IP, node port and host port', async () => {
    const ip = await kubectl.field('service server', '{.spec.clusterIP}');
    assert.match(await machine.fetch(`http://${ip}/`), /[ab]/);
    const port = await kubectl.field('service outside', '{.spec.ports[0].nodePort}');
    assert.match(await machine.fetch(`http://${machine.address}:${port}/`), /[ab]/);
    assert.match(await machine.fetch(`http://${machine.address}:18888/`), /^a/);
  });
  await step('a service without endpoints refuses at once', async () => {
    const ip = await kubectl.field('service nobody', '{.spec.clusterIP}');
    // A connection that is dropped in silence ends with the time of the fetch instead.
    await assert.rejects(machine.fetch(`http://${ip}/`), /ECONNREFUSED|refused/);
  });
  await step('an endpoint that ends gets no more requests', async () => {
    const ip = await kubectl.field('service server', '{.spec.clusterIP}');
    await kubectl.run(['delete', 'pod', 'server-b']);
    await eventually(async () => {
      for (let i = 0; i < 8; i++) assert.equal(await machine.fetch(`http://${ip}/`), 'a\n\n');
    });
  });
  await step('rules of a deleted service are gone', async () => {
    const ip = await kubectl.field('service server', '{.spec.clusterIP}');
    await kubectl.run(['delete', 'namespace', 'network', '--timeout=60s']);
    await eventually(async () => {
      assert.ok(!(await machine.run(['nft', 'list', 'ruleset'])).includes(`${ip} `));
    });
  });
}

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const apiCall = `wget -T 5 -t 1 -qO- --ca-certificate=${account}/ca.crt \
  --header="Authorization: Bearer $(cat ${account}/token)" \
  https://kubernetes.default.svc:$KUBERNETES_SERVICE_PORT/api`;
