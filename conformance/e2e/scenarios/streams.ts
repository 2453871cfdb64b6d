/** exec, attach, port-forward, logs and the proxies, with clients of both protocols. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Kubectl } from '../cluster.ts';
import { eventually } from '../command.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../steps.ts';

export const name = 'streams and proxies';

const manifest = await readFile(new URL('../manifests/streams.yaml', import.meta.url), 'utf8');
const namespace = 'streams';
/** What makes kubectl speak SPDY. */
const spdy = ['KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false', 'KUBECTL_PORT_FORWARD_WEBSOCKETS=false'];

export async function run({ machine, cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl(namespace);
  await step('a pod that reads and one that serves', async () => {
    await kubectl.run(['create', 'namespace', namespace]);
    await kubectl.apply(manifest);
    await kubectl.run(['wait', '--for=condition=Ready', 'pod/talker', '--timeout=60s']);
  });
  const clients: [string, Kubectl][] = [
    ['WebSocket', kubectl],
    ['SPDY', cluster.kubectl(namespace, cluster.tools.kubectl, spdy)],
  ];
  const { olderKubectl } = cluster.tools;
  if (olderKubectl !== undefined) {
    clients.push(['WebSocket of an older kubectl', cluster.kubectl(namespace, olderKubectl)]);
    clients.push(['SPDY of an older kubectl', cluster.kubectl(namespace, olderKubectl, spdy)]);
  }
  let port = 19080;
  for (const [by, client] of clients) {
    await commands(by, client, step);
    await forwards(by, client, port++, machine, step);
  }
  await proxies(kubectl, machine, step);
}

async function commands(by: string, client: Kubectl, step: Scene['step']): Promise<void> {
  const exec = ['exec', '-i', 'talker', '-c', 'httpd', '--'];
  await step(`exec over ${by}: outputs, exit code, the end of input`, async () => {
    const said = await client.tryRun([...exec, 'sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.deepEqual([said.code, said.stdout], [3, 'out\n']);
    assert.match(said.stderr, /^err\ncommand terminated with exit code 3/);
    const piped = await client.run([...exec, 'sh', '-c', 'cat; echo after'], { input: 'in ' });
    assert.equal(piped, 'in after\n');
  });
  await step(`exec over ${by}: megabytes there and back`, async () => {
    const input = 'x'.repeat(4_000_000);
    const back = await client.run([...exec, 'cat'], { input });
    assert.equal(back.length, input.length);
  });
  await step(`exec over ${by}: a terminal with a size`, async () => {
    const said = await client.terminal(
      ['exec', '-it', 'talker', '-c', 'httpd', '--', 'sh'],
      'stty size; tty; exit\n',
    );
    assert.match(said, /33 111\r?\n\/dev\/pts/);
  });
  await step(`exec over ${by}: what cannot be`, async () => {
    const none = await client.tryRun(['exec', 'talker', '-c', 'none', '--', 'true']);
    assert.match(none.stderr, /container none is not valid for pod talker/);
    const missing = await client.tryRun(['exec', 'talker', '-c', 'httpd', '--', 'no-such']);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /no-such.*not found|no such file/);
  });
  await step(`attach over ${by}`, async () => {
    const line = by.replaceAll(' ', '-');
    const attach = ['attach', '-i', 'talker', '-c', 'reader'];
    // What the container says before the runtime has joined its output is for its log alone.
    await using attached = client.backgroundTold(line, ...attach);
    await attached.until(new RegExp(`got ${line}`));
    assert.match(await client.run(['logs', 'talker', '-c', 'reader']), new RegExp(`got ${line}`));
  });
}

async function forwards(
  by: string,
  client: Kubectl,
  port: number,
  machine: Machine,
  step: Scene['step'],
): Promise<void> {
  await step(`port-forward over ${by}: several connections at once`, async () => {
    await using forward = client.background('port-forward', 'pod/talker', `${port}:80`);
    await forward.until(/Forwarding from 127\.0\.0\.1/);
    const page = () => machine.fetch(`http://127.0.0.1:${port}/folder/index.html`);
    for (const text of await Promise.all([page(), page(), page()])) assert.match(text, /^below/);
  });
  await step(`port-forward over ${by}: a closed port`, async () => {
    await using forward = client.background('port-forward', 'pod/talker', `${port}:81`);
    await forward.until(/Forwarding from 127\.0\.0\.1/);
    await assert.rejects(machine.fetch(`http://127.0.0.1:${port}/`));
    await forward.until(/error forwarding port 81|connection refused/i);
  });
}

async function proxies(kubectl: Kubectl, machine: Machine, step: Scene['step']): Promise<void> {
  const base = `/api/v1/namespaces/${namespace}`;
  const raw = (path: string) => kubectl.run(['get', '--raw', path]);
  await step('the proxies of pods, services and nodes', async () => {
    for (const path of ['pods/talker:80/proxy/', 'pods/http:talker:80/proxy/']) {
      assert.match(await raw(`${base}/${path}folder/index.html`), /^below/);
    }
    await eventually(async () => {
      for (const service of ['talker:http', 'talker:8080', 'http:talker:http']) {
        const path = `${base}/services/${service}/proxy/folder/index.html`;
        assert.match(await raw(path), /^below/);
      }
    });
    const node = await kubectl.field('pod talker', '{.spec.nodeName}');
    assert.match(await raw(`/api/v1/nodes/${node}/proxy/healthz`), /^ok/);
    assert.match(await raw(`/api/v1/nodes/https:${node}:10250/proxy/pods`), /"PodList"/);
    const logs = `/api/v1/nodes/${node}/proxy/containerLogs/${namespace}/talker/reader`;
    assert.match(await raw(logs), /got /);
  });
  await step('kubectl proxy: pages with their links, watches', async () => {
    await using proxy = kubectl.background('proxy', '--port=19999');
    await proxy.until(/Starting to serve/);
    const page = await machine.fetch(`http://127.0.0.1:19999${base}/services/talker:http/proxy/`);
    assert(page.includes(`href="${base}/services/talker:http/proxy/folder/"`), page);
    assert(page.includes('src="pic.png"'), page);
    const watch = `http://127.0.0.1:19999${base}/pods?watch=1&timeoutSeconds=1`;
    assert.match(await machine.fetch(watch), /"ADDED"/);
  });
}
