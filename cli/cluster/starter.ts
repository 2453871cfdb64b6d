/**
 * A short-lived process beside the supervisor: makes the certificates, waits for the API server,
 * gives cluster DNS its rights, waits for the node, and says so, a line each. What it loads goes away with it; the supervisor
 * stays small.
 */
import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { certificatesAreGood } from './certificate-stamp.ts';
import { dnsAccess } from './dns-access.ts';
import { type ClusterSettings, Layout } from './layout.ts';

/** What is said, in this order. */
export type Milestone = 'certificates' | 'apiserver' | 'node';

const pollMs = 25;

const settings = JSON.parse(process.argv[2] ?? '') as ClusterSettings;
const layout = new Layout(settings.dataDir);
const say = (milestone: Milestone) => console.log(milestone);

if (!certificatesAreGood(settings, layout)) {
  const { ensureCertificates } = await import('./certificates.ts');
  await ensureCertificates(settings, layout);
}
say('certificates');
const agent = new Agent({ keepAlive: true, ...credentials() });
await until(async () => (await get('/readyz')) !== undefined);
say('apiserver');
if (!settings.withoutNode) {
  for (const [path, object] of dnsAccess) {
    await until(async () => (await apply(path, object)) !== undefined);
  }
  const path = `/api/v1/nodes/${settings.nodeName}`;
  await until(async () => isReady(await get(path)));
  say('node');
}
agent.destroy();

function credentials(): { ca: Buffer; cert: Buffer; key: Buffer } {
  return {
    ca: readFileSync(layout.pki('ca.crt')),
    cert: readFileSync(layout.pki('admin-client.crt')),
    key: readFileSync(layout.pki('admin-client.key')),
  };
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, pollMs));
}

function get(path: string): Promise<string | undefined> {
  return ask({ method: 'GET', path });
}

/** Applies an object by force: what it says is ours to say. */
function apply(path: string, object: object): Promise<string | undefined> {
  const query = '?fieldManager=k8ts-up&force=true';
  const headers = { 'Content-Type': 'application/apply-patch+yaml' };
  return ask({ method: 'PATCH', path: path + query, headers }, JSON.stringify(object));
}

/** The body of a 2xx; undefined for every other answer, and for none. */
function ask(options: RequestOptions, body?: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const host = '127.0.0.1';
  const port = settings.securePort;
  const sent = request({ ...options, host, port, agent, timeout: 2000 }, (res) => {
    const { statusCode = 0 } = res;
    let text = '';
    res.setEncoding('utf8');
    res.on('data', (chunk: string) => {
      text += chunk;
    });
    res.on('end', () => resolve(statusCode >= 200 && statusCode < 300 ? text : undefined));
    res.on('error', () => resolve(undefined));
  });
  sent.on('error', () => resolve(undefined));
  sent.on('timeout', () => sent.destroy());
  sent.end(body);
  return promise;
}

interface NodeStatus {
  status?: { conditions?: { type: string; status: string; lastHeartbeatTime?: string }[] };
}

/** A node that was Ready when the cluster stopped is not Ready before it has said so again. */
function isReady(body: string | undefined): boolean {
  if (body === undefined) return false;
  const { status } = JSON.parse(body) as NodeStatus;
  const ready = status?.conditions?.find((c) => c.type === 'Ready');
  const startedMs = Date.now() - performance.now();
  return ready?.status === 'True' && Date.parse(ready.lastHeartbeatTime ?? '') >= startedMs - 1000;
}
