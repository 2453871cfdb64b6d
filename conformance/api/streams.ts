/**
 * Streams through the API server to kubelets of the test's own, which speak one protocol each:
 *
 *   node conformance/api/streams.ts [--filter TEXT]
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { tunnelProtocol } from '../../machinery/streaming/bridge.ts';
import { exitStatus, fakeRuntime, listening } from '../../machinery/streaming/fake-runtime.ts';
import { SpdySession, type SpdyStream } from '../../machinery/streaming/spdy-session.ts';
import { ApiProcess } from './api-process.ts';
import { fakeKubelet } from './fake-kubelet.ts';
import { check, finish } from './report.ts';

await using server = await ApiProcess.start({ tokens: ['limited,limited,2'] });
const { api, port } = server;
const tls = { rejectUnauthorized: false };
const authorization = 'Bearer test';
const query = 'container=c&command=x&stdin=true&stdout=true&stderr=true';

await api.call('POST', '/api/v1/namespaces/default/serviceaccounts', {
  metadata: { name: 'default' },
});

/** Opens a WebSocket at a subresource of a pod. */
function webSocket(path: string, protocol: string, token = 'test'): WebSocket {
  const url = `wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/${path}`;
  const headers = { authorization: `Bearer ${token}` };
  if (protocol === '') return new WebSocket(url, { ...tls, headers });
  if (!protocol.includes('/')) return new WebSocket(url, protocol, { ...tls, headers });
  // The library takes no `/` in the name of a protocol.
  const more = { 'Sec-WebSocket-Protocol': protocol };
  return new WebSocket(url, { ...tls, headers: { ...headers, ...more } });
}

/** Runs the command; what came on each channel. */
function exec(pod: string, protocol: string): Promise<Record<number, string>> {
  const ws = webSocket(`${pod}/exec?${query}`, protocol);
  const base64 = protocol.includes('base64.');
  const line = 'hello quit\n';
  const got: Record<number, string> = {};
  return new Promise((resolve, reject) => {
    const sent = base64 ? `0${Buffer.from(line).toString('base64')}` : Buffer.from(`\0${line}`);
    ws.on('open', () => ws.send(sent));
    ws.on('message', (data: Buffer) => {
      const channel = base64 ? data[0]! - 48 : data[0]!;
      const rest = data.subarray(1).toString();
      const text = base64 ? Buffer.from(rest, 'base64').toString() : rest;
      got[channel] = `${got[channel] ?? ''}${text}`;
    });
    ws.on('error', reject);
    ws.on('close', () => resolve(got));
  });
}

async function spdy(path: string, protocol: string): Promise<SpdySession> {
  const req = request({
    ...tls,
    port,
    host: '127.0.0.1',
    path: `/api/v1/namespaces/default/pods/${path}`,
    method: 'POST',
    agent: false,
    headers: {
      authorization,
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': protocol,
    },
  });
  req.end();
  const upgraded = once(req, 'upgrade') as Promise<[IncomingMessage, Duplex, Buffer]>;
  const [response, socket, head] = await upgraded;
  assert.equal(response.headers['x-stream-protocol-version'], protocol);
  return new SpdySession(socket, head);
}

/** Collects what comes on a stream, to its end. */
function textOf(stream: SpdyStream): Promise<string> {
  let text = '';
  stream.onData = (data) => {
    text += data;
  };
  return new Promise((resolve) => {
    stream.onEnd = () => resolve(text);
  });
}

async function execSpdy(pod: string): Promise<string[]> {
  const session = await spdy(`${pod}/exec?${query}`, 'v4.channel.k8s.io');
  const open = (streamtype: string) => session.open({ streamtype });
  const [error, stdin] = [open('error'), open('stdin')];
  const texts = [open('stdout'), open('stderr'), error].map(textOf);
  session.send(stdin, Buffer.from('hello quit\n'));
  const all = await Promise.all(texts);
  session.close();
  return all;
}

async function forward(session: SpdySession): Promise<string[]> {
  const headers = { port: '80', requestid: '0' };
  const error = session.open({ streamtype: 'error', ...headers });
  session.end(error);
  const data = session.open({ streamtype: 'data', ...headers });
  const texts = [textOf(data), textOf(error)];
  session.send(data, Buffer.from('hello quit\n'));
  session.end(data);
  return Promise.all(texts);
}

const declared = ['ExtendWebSocketsToKubelet'];
for (const [name, spoken, features] of [
  ['spdy', 'SPDY', []],
  ['websocket4', 'WebSocket v4', []],
  ['websocket5', 'WebSocket v5', declared],
] as const) {
  await using runtime = await fakeRuntime('exec', spoken);
  const pod = name;
  const kubelet = await fakeKubelet(server, pod, Number(new URL(runtime.url).port), features);
  const newer = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
  const older = ['channel.k8s.io', 'base64.channel.k8s.io', ''];
  // A kubelet that declares that it speaks everything is taken at its word.
  const protocols = features.length > 0 ? newer.slice(0, 1) : [...newer, ...older];
  for (const protocol of protocols) {
    await check(`exec: ${protocol || 'no protocol'} to a kubelet of ${spoken}`, async () => {
      const got = await exec(pod, protocol);
      assert.equal(got[1], 'hello quit\n');
      assert.equal(got[2], 'bye');
      if (newer.includes(protocol)) assert.deepEqual(JSON.parse(got[3]!), exitStatus);
      else assert.ok(got[3]?.includes(exitStatus.message));
    });
  }
  await check(`exec: SPDY to a kubelet of ${spoken}`, async () => {
    const [stdout, stderr, status] = await execSpdy(pod);
    assert.deepEqual([stdout, stderr], ['hello quit\n', 'bye']);
    assert.deepEqual(JSON.parse(status!), exitStatus);
  });
  await check(`exec: what a kubelet of ${spoken} refuses`, async () => {
    runtime.refuse = true;
    await assert.rejects(exec(pod, 'v4.channel.k8s.io'), /404/);
  });
  kubelet.close();
}

for (const [name, spoken] of [
  ['forward-spdy', 'SPDY'],
  ['forward-websocket', 'WebSocket v4'],
] as const) {
  await using runtime = await fakeRuntime('portForward', spoken, (r) =>
    Number(new URL(r.url ?? '', 'http://x').searchParams.get('port')),
  );
  const kubelet = await fakeKubelet(server, name, Number(new URL(runtime.url).port));
  await check(`port-forward: SPDY to a kubelet of ${spoken}`, async () => {
    const session = await spdy(`${name}/portforward`, 'portforward.k8s.io');
    assert.deepEqual(await forward(session), ['HELLO QUIT\n', '']);
    session.close();
  });
  await check(`port-forward: SPDY in WebSocket messages to a kubelet of ${spoken}`, async () => {
    const ws = webSocket(`${name}/portforward`, tunnelProtocol);
    // Refused by the library for the name of its protocol alone; the connection stands.
    ws.on('error', () => undefined);
    const [response] = (await once(ws, 'upgrade')) as [IncomingMessage];
    assert.equal(response.headers['sec-websocket-protocol'], tunnelProtocol);
  });
  await check(`port-forward: WebSocket v4 to a kubelet of ${spoken}`, async () => {
    const ws = webSocket(`${name}/portforward?ports=80`, 'v4.channel.k8s.io');
    let text = '';
    const done = new Promise<void>((resolve) => {
      ws.on('message', (data: Buffer) => {
        if (data[0] === 0) text += data.toString('latin1', 1);
        if (text.endsWith('QUIT\n')) resolve();
      });
    });
    await once(ws, 'open');
    ws.send(Buffer.from('\0hello quit\n'));
    await done;
    assert.equal(text, 'P\0HELLO QUIT\n');
    ws.terminate();
  });
  kubelet.close();
}

/** A kubelet's logs, written as a client reads them. */
const more = Promise.withResolvers<void>();
const asked: string[] = [];
const logs = createServer((req, res) => {
  asked.push(req.url ?? '');
  if (req.url?.includes('previous')) {
    res.writeHead(400).end('previous terminated container "c" in pod "logs" not found');
    return;
  }
  res.write('one\n');
  void more.promise.then(() => res.end('two\n'));
});
await listening(logs);
const logging = await fakeKubelet(server, 'logs', logs);

await check('logs stream as they are written', async () => {
  const path = '/api/v1/namespaces/default/pods/logs/log?follow=true&tailLines=5&timestamps=true';
  const answer = await api.open('GET', path, { fresh: true });
  assert.equal(answer.headers['content-type'], 'text/plain');
  const [first] = (await once(answer, 'data')) as [Buffer];
  assert.equal(first.toString(), 'one\n');
  more.resolve();
  const [second] = (await once(answer, 'data')) as [Buffer];
  assert.equal(second.toString(), 'two\n');
  assert.equal(asked[0], '/containerLogs/default/logs/c?follow=true&tailLines=5&timestamps=true');
});

await check('logs: refusals', async () => {
  const base = '/api/v1/namespaces/default/pods/logs/log';
  const cases: [string, number, RegExp][] = [
    ['?previous=true', 400, /^previous terminated container "c" in pod "logs" not found$/],
    ['?tailLines=x', 400, /strconv.ParseInt: parsing "x": invalid syntax/],
    ['?tailLines=-1', 422, /tailLines: Invalid value: -1: must be greater than or equal to 0/],
    ['?container=none', 400, /^container none is not valid for pod logs$/],
    ['?sinceSeconds=0', 422, /must be greater than 0/],
    ['?tailLines=99999999999999999999', 400, /value out of range/],
  ];
  for (const [text, code, message] of cases) {
    const { status, object } = await api.call('GET', `${base}${text}`);
    assert.equal(status, code, text);
    assert.match(object.message ?? '', message);
  }
});

await check('who may not create gets no stream', async () => {
  const ws = webSocket(`logs/exec?${query}`, 'v5.channel.k8s.io', 'limited');
  const [error] = (await once(ws, 'error')) as [Error];
  assert.match(error.message, /403/);
});

await check('exec without an upgrade', async () => {
  const path = `/api/v1/namespaces/default/pods/logs/exec?${query}`;
  const { status, object } = await api.call('POST', path);
  assert.deepEqual([status, object.message], [400, 'Upgrade request required']);
  const gone = await api.call('POST', '/api/v1/namespaces/default/pods/none/exec');
  assert.equal(gone.status, 404);
});

await check('the proxies refuse addresses of the machine itself', async () => {
  const node = await api.call('GET', '/api/v1/nodes/logs/proxy/healthz');
  assert.deepEqual([node.status, node.object.message], [400, 'address not allowed']);
  const pod = await api.call('GET', '/api/v1/namespaces/default/pods/logs:80/proxy/');
  assert.deepEqual([pod.status, pod.object.message], [400, 'address not allowed']);
  const odd = await api.call('GET', '/api/v1/namespaces/default/pods/ftp:logs:80/proxy/');
  assert.deepEqual([odd.status, odd.object.message], [400, 'invalid pod request "ftp:logs:80"']);
});

logging.close();
logs.close();
finish();
