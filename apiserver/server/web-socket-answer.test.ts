/** Watches on a WebSocket, on a running server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { adminToken, startTestServer, type TestServer } from '../test-server.ts';

describe('watches on a WebSocket', () => {
  let server: TestServer;
  const sockets: WebSocket[] = [];

  before(async () => {
    server = await startTestServer((dataDir) => {
      const tokenAuthFile = join(dataDir, 'tokens');
      writeFileSync(tokenAuthFile, `${adminToken},admin,1,"system:masters"\n`);
      return { tokenAuthFile };
    });
  });

  after(() => server[Symbol.asyncDispose]());
  afterEach(() => {
    for (const ws of sockets.splice(0)) ws.terminate();
  });

  function open(path: string, protocols: string[] = [], headers: Record<string, string> = {}) {
    const url = new URL(path, server.url.replace(/^http/, 'ws'));
    const ca = readFileSync(join(server.dataDir, 'ca.crt'));
    const ws = new WebSocket(url, protocols, { ca, headers });
    ws.on('error', () => undefined);
    sockets.push(ws);
    return ws;
  }

  const authorization = { authorization: `Bearer ${adminToken}` };
  const path = '/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Ddefault';

  it('sends each event as a text, and ends when the time is up', async () => {
    const ws = open(`${path}&timeoutSeconds=1`, [], authorization);
    const messages: string[] = [];
    ws.on('message', (data, binary) => {
      assert.equal(binary, false);
      messages.push(String(data));
    });
    const [code] = await once(ws, 'close');
    assert.equal(code, 1000);
    assert.equal(messages.length, 1);
    const { type, object } = JSON.parse(messages[0]!);
    assert.deepEqual([type, object.kind, object.metadata.name], ['ADDED', 'Namespace', 'default']);
  });

  it('knows who asks by a token among the protocols, which is not chosen', async () => {
    const token = Buffer.from(adminToken).toString('base64url');
    const ws = open(path, [`base64url.bearer.authorization.k8s.io.${token}`, 'binary.k8s.io']);
    await once(ws, 'message');
    assert.equal(ws.protocol, 'binary.k8s.io');
  });

  it('sends binary events without the length in front', async () => {
    const accept = 'application/vnd.kubernetes.protobuf;stream=watch';
    const ws = open(path, [], { ...authorization, accept });
    const [data, binary] = (await once(ws, 'message')) as [Buffer, boolean];
    assert.equal(binary, true);
    // A WatchEvent: its first field is the type.
    assert.equal(data.subarray(0, 7).toString('latin1'), '\n\x05ADDED');
  });

  it('is refused in plain HTTP', async () => {
    for (const [asked, headers, code] of [
      ['/api/v1/namespaces?watch=true', {}, 403],
      ['/api/v1/namespaces?watch=true', { authorization: 'Bearer x' }, 401],
      ['/api/v1/nothing?watch=true', authorization, 404],
      ['/api/v1/namespaces?watch=true&fieldSelector=x', authorization, 400],
      ['/api/v1/namespaces/default/pods/p/log', authorization, 404],
    ] as const) {
      const ws = open(asked, [], headers);
      const [, response] = await once(ws, 'unexpected-response');
      assert.equal(response.statusCode, code, asked);
      response.destroy();
    }
  });
});
