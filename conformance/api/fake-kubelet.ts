/** A node of a server under test whose kubelet is the test's own: TLS in front of a plain server. */
import { readFileSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { ApiProcess } from './api-process.ts';

export interface FakeKubelet {
  readonly port: number;
  close(): void;
}

/** Makes a node, and a pod of the same name on it with a container `c`. */
export async function fakeKubelet(
  server: ApiProcess,
  name: string,
  backend: number | HttpServer,
  declaredFeatures: readonly string[] = [],
): Promise<FakeKubelet> {
  const port = typeof backend === 'number' ? backend : (backend.address() as AddressInfo).port;
  const read = (file: string) => readFileSync(join(server.dataDir, file));
  const front = createServer({ cert: read('apiserver.crt'), key: read('apiserver.key') });
  front.on('secureConnection', (client) => {
    const plain = connect(port, '127.0.0.1');
    for (const [a, b] of [
      [client, plain],
      [plain, client],
    ] as const) {
      a.pipe(b);
      a.on('error', () => b.destroy());
      a.on('close', () => b.destroy());
    }
  });
  front.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port: Port } = (front as Server).address() as AddressInfo;
  const { api } = server;
  await expectOk(api.call('POST', '/api/v1/nodes', { metadata: { name } }));
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port } },
    declaredFeatures,
  };
  const merge = { 'content-type': 'application/merge-patch+json' };
  await expectOk(api.call('PATCH', `/api/v1/nodes/${name}/status`, { status }, merge));
  const spec = {
    nodeName: name,
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: 'x' }],
  };
  await expectOk(api.call('POST', '/api/v1/namespaces/default/pods', { metadata: { name }, spec }));
  return { port: Port, close: () => front.close() };
}

async function expectOk(answer: Promise<{ status: number; object?: unknown }>): Promise<void> {
  const { status, object } = await answer;
  if (status > 201) throw new Error(`${status}: ${JSON.stringify(object)}`);
}
