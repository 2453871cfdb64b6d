import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { type StreamKind, tunnelProtocol } from '../../machinery/streaming/bridge.ts';
import {
  exitStatus,
  type FakeRuntime,
  fakeRuntime,
  listening,
  type Spoken,
} from '../../machinery/streaming/fake-runtime.ts';
import { SpdySession } from '../../machinery/streaming/spdy-session.ts';
import { passRefusalOn, UpgradeRefused } from '../../machinery/streaming/upgrade.ts';
import { bridgeAndTell, bridgeToKubelet, type StreamTarget } from './kubelet-bridge.ts';
import { createTransport } from './proxying/backend.ts';
import { callFor } from './proxying/test-call.ts';
import { tunnel } from './proxying/tunnel.ts';

interface Bed extends AsyncDisposable {
  readonly port: number;
  readonly kubelet: FakeRuntime;
}

/** An API server's front before a kubelet that speaks one protocol. */
async function bed(kind: StreamKind, spoken: Spoken, raw: boolean): Promise<Bed> {
  const kubelet = await fakeRuntime(kind === 'portForward' ? kind : 'exec', spoken);
  const { port, pathname } = new URL(kubelet.url);
  const transport = createTransport({});
  const backend = { protocol: 'http', host: '127.0.0.1', port, transport } as const;
  const target: StreamTarget = {
    kind,
    path: pathname,
    query: [],
    flags: { stdin: true, stdout: true, stderr: true, tty: false },
    ports: [80],
  };
  const front = createServer();
  front.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const asked = { req, socket, head };
    const work = raw
      ? tunnel(callFor(req, ''), backend, pathname, socket, head, () =>
          bridgeToKubelet(asked, backend, target),
        )
      : bridgeAndTell(asked, backend, target);
    work.catch((e: unknown) => {
      if (e instanceof UpgradeRefused) passRefusalOn(socket, e);
      else socket.destroy();
    });
  });
  return {
    port: await listening(front),
    kubelet,
    async [Symbol.asyncDispose]() {
      front.close();
      front.closeAllConnections();
      transport.plain.destroy();
      await kubelet[Symbol.asyncDispose]();
    },
  };
}

/** What came on each channel until the connection ended. */
function exec(port: number, protocol: string): Promise<Record<number, string>> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, protocol);
  const got: Record<number, string> = {};
  return new Promise((resolve, reject) => {
    ws.on('open', () => ws.send(Buffer.from('\0hello quit\n')));
    ws.on('message', (data: Buffer) => {
      got[data[0]!] = `${got[data[0]!] ?? ''}${data.subarray(1)}`;
    });
    ws.on('error', reject);
    ws.on('close', () => resolve(got));
  });
}

describe('streams to a kubelet that speaks one protocol', () => {
  for (const [protocol, spoken, raw] of [
    ['v5.channel.k8s.io', 'SPDY', false],
    ['v5.channel.k8s.io', 'WebSocket v4', false],
    ['v4.channel.k8s.io', 'SPDY', true],
    ['v4.channel.k8s.io', 'WebSocket v4', true],
  ] as const) {
    it(`exec: ${protocol} to ${spoken}`, async () => {
      await using b = await bed('exec', spoken, raw);
      const got = await exec(b.port, protocol);
      assert.equal(got[1], 'hello quit\n');
      assert.equal(got[2], 'bye');
      assert.deepEqual(JSON.parse(got[3]!), exitStatus);
    });
  }

  it('exec: SPDY to WebSocket v4', async () => {
    await using b = await bed('exec', 'WebSocket v4', true);
    const { port } = b;
    const req = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        'x-stream-protocol-version': 'v4.channel.k8s.io',
      },
    });
    req.end();
    const [, socket, head] = (await once(req, 'upgrade')) as [unknown, Duplex, Buffer];
    const session = new SpdySession(socket, head);
    const streams = ['error', 'stdin', 'stdout', 'stderr'].map((kind) =>
      session.open({ streamtype: kind }),
    );
    const [, stdin, stdout] = streams;
    let text = '';
    const ended = new Promise<void>((resolve) => {
      stdout!.onData = (data) => {
        text += data;
      };
      stdout!.onEnd = resolve;
    });
    session.send(stdin!, Buffer.from('hello quit\n'));
    await ended;
    assert.equal(text, 'hello quit\n');
    session.close();
  });

  it('a refusal is told to v5 clients on the error channel, as upstream words it', async () => {
    await using b = await bed('exec', 'SPDY', false);
    b.kubelet.refuse = true;
    const got = await exec(b.port, 'v5.channel.k8s.io');
    assert.deepEqual(JSON.parse(got[3]!), {
      metadata: {},
      status: 'Failure',
      message: 'Internal error occurred: unable to upgrade connection: gone',
      reason: 'InternalError',
      details: { causes: [{ message: 'unable to upgrade connection: gone' }] },
      code: 500,
    });
  });

  it('a refusal is the answer of others', async () => {
    await using b = await bed('exec', 'SPDY', true);
    b.kubelet.refuse = true;
    await assert.rejects(exec(b.port, 'v4.channel.k8s.io'), /404/);
  });

  it('port-forward: SPDY in WebSocket messages to SPDY', async () => {
    await using b = await bed('portForward', 'SPDY', false);
    const ws = new WebSocket(`ws://127.0.0.1:${b.port}/`, {
      headers: { 'Sec-WebSocket-Protocol': tunnelProtocol },
    });
    ws.on('error', () => undefined);
    const [{ headers }] = (await once(ws, 'upgrade')) as [IncomingMessage];
    assert.equal(headers['sec-websocket-protocol'], tunnelProtocol);
    assert.deepEqual(b.kubelet.asked, ['SPDY/3.1']);
  });
});
