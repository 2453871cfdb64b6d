import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { tunnelProtocol } from '../../../machinery/streaming/bridge.ts';
import {
  exitStatus,
  type FakeRuntime,
  fakeRuntime,
  listening,
  type Spoken,
} from '../../../machinery/streaming/fake-runtime.ts';
import { SpdySession, type SpdyStream } from '../../../machinery/streaming/spdy-session.ts';
import { stream } from './streaming.ts';

interface Bed extends AsyncDisposable {
  readonly port: number;
  readonly runtime: FakeRuntime;
}

const allStreams = { stdin: true, stdout: true, stderr: true, tty: false };
const terminal = { stdin: true, stdout: true, stderr: true, tty: true };

/** A kubelet's server in front of a runtime that speaks one protocol. */
async function bed(
  kind: 'exec' | 'portForward',
  spoken: Spoken = 'SPDY',
  { flags = allStreams, ports = [80] } = {},
): Promise<Bed> {
  const portIn = (req: IncomingMessage) =>
    Number(new URL(req.url ?? '', 'http://x').searchParams.get('port'));
  const runtime = await fakeRuntime(kind, spoken, portIn);
  const url = (port = ports[0]) => Promise.resolve(`${runtime.url}?port=${port}`);
  const front = createServer();
  front.on('upgrade', (req, socket, head) => {
    void stream({ req, socket, head, url, kind, flags, ports, idleMs: 0 });
  });
  return {
    port: await listening(front),
    runtime,
    async [Symbol.asyncDispose]() {
      front.close();
      front.closeAllConnections();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

interface Ended {
  /** What came on each channel. */
  readonly channels: Record<number, string>;
  readonly code: number;
}

const message = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
const digits = (channel: number, text: string): string =>
  channel + Buffer.from(text).toString('base64');

/** Runs the command over a WebSocket; `act` sends, by the protocol's own form of messages. */
function exec(
  port: number,
  protocol: string,
  act: (send: (channel: number, text: string) => void, ws: WebSocket) => void,
): Promise<Ended> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/exec`, protocol === '' ? [] : protocol);
  const channels: Record<number, string> = {};
  const base64 = protocol.includes('base64.');
  return new Promise((resolve, reject) => {
    ws.on('open', () => {
      assert.equal(ws.protocol, protocol);
      act((channel, text) => ws.send((base64 ? digits : message)(channel, text)), ws);
    });
    ws.on('message', (data: Buffer) => {
      const channel = base64 ? data[0]! - 48 : data[0]!;
      const rest = data.subarray(1);
      const text = base64 ? Buffer.from(rest.toString(), 'base64').toString() : rest.toString();
      channels[channel] = (channels[channel] ?? '') + text;
    });
    ws.on('error', reject);
    ws.on('close', (code) => resolve({ channels, code }));
  });
}

/** Asks for SPDY. */
function spdy(
  port: number,
  protocols: string[],
  headers: Record<string, string> = {},
): Promise<{ socket: Duplex; head: Buffer; response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const req = request({
      port,
      host: '127.0.0.1',
      agent: false,
      method: 'POST',
      headers: {
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        ...(protocols.length > 0 ? { 'x-stream-protocol-version': protocols } : {}),
        ...headers,
      },
    });
    req.on('upgrade', (response, socket, head) => resolve({ socket, head, response }));
    req.on('response', (res) => reject(new Error(String(res.statusCode))));
    req.on('error', reject);
    req.end();
  });
}

/** Runs the command over SPDY until it has ended. */
async function execSpdy(
  port: number,
  protocols: string[],
  flags: typeof allStreams,
  act: (session: SpdySession, open: Record<string, SpdyStream>) => void,
): Promise<Record<string, string>> {
  const { socket, head, response } = await spdy(port, protocols);
  assert.equal(response.headers['x-stream-protocol-version'], protocols[0]);
  const session = new SpdySession(socket, head);
  const out: Record<string, string> = {};
  const open: Record<string, SpdyStream> = {};
  const ends: Promise<void>[] = [];
  for (const kind of ['error', 'stdin', 'stdout', ...(flags.tty ? ['resize'] : ['stderr'])]) {
    const s = session.open({ streamtype: kind });
    open[kind] = s;
    if (kind === 'stdin' || kind === 'resize') continue;
    out[kind] = '';
    s.onData = (data) => {
      out[kind] = `${out[kind]}${data}`;
    };
    ends.push(
      new Promise((resolve) => {
        s.onEnd = resolve;
      }),
    );
  }
  act(session, open);
  await Promise.all(ends);
  session.close();
  return out;
}

const quit = 'hello quit\n';

describe('exec, whatever the client and the runtime speak', () => {
  const runtimes: Spoken[] = ['SPDY', 'WebSocket v4', 'WebSocket v5'];
  for (const spoken of runtimes) {
    for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
      // Nobody but the runtime itself speaks the older protocols with it.
      it(`${protocol} with ${spoken}`, async () => {
        await using b = await bed('exec', spoken);
        const { channels, code } = await exec(b.port, protocol, (send) => send(0, quit));
        assert.equal(channels[1], quit);
        assert.equal(channels[2], 'bye');
        assert.deepEqual(JSON.parse(channels[3]!), exitStatus);
        assert.equal(code, 1000);
      });
    }
    for (const protocol of ['channel.k8s.io', 'base64.channel.k8s.io', '']) {
      if (spoken !== 'SPDY') continue;
      it(`${protocol || 'no protocol'} with ${spoken}: the status is a text`, async () => {
        await using b = await bed('exec', spoken);
        const { channels } = await exec(b.port, protocol, (send) => send(0, quit));
        assert.equal(channels[1], quit);
        assert.equal(channels[3], exitStatus.message);
      });
    }
    it(`SPDY with ${spoken}`, async () => {
      await using b = await bed('exec', spoken);
      const out = await execSpdy(b.port, ['v4.channel.k8s.io'], allStreams, (session, open) => {
        session.send(open['stdin']!, Buffer.from(quit));
      });
      assert.equal(out['stdout'], quit);
      assert.equal(out['stderr'], 'bye');
      assert.deepEqual(JSON.parse(out['error']!), exitStatus);
    });
    it(`sizes of a terminal, v5 and SPDY with ${spoken}`, async () => {
      await using b = await bed('exec', spoken, { flags: terminal });
      const size = '{"Width":80}';
      const { channels } = await exec(b.port, 'v5.channel.k8s.io', (send) => {
        send(4, size);
        send(0, 'quit\n');
      });
      assert.equal(channels[1], `size ${size}quit\n`);
      const out = await execSpdy(b.port, ['v4.channel.k8s.io'], terminal, (session, open) => {
        session.send(open['resize']!, Buffer.from(size));
        session.send(open['stdin']!, Buffer.from('quit\n'));
      });
      assert.equal(out['stdout'], `size ${size}quit\n`);
    });
  }

  for (const spoken of ['SPDY', 'WebSocket v5'] as const) {
    it(`the end of input, v5 with ${spoken}`, async () => {
      await using b = await bed('exec', spoken);
      const { channels } = await exec(b.port, 'v5.channel.k8s.io', (send, ws) => {
        send(0, 'hello');
        ws.send(Buffer.from([255, 0]));
      });
      assert.equal(channels[1], 'hello');
      assert.deepEqual(JSON.parse(channels[3]!), exitStatus);
    });
    it(`the end of input, SPDY with ${spoken}`, async () => {
      await using b = await bed('exec', spoken);
      const out = await execSpdy(b.port, ['v4.channel.k8s.io'], allStreams, (session, open) => {
        session.send(open['stdin']!, Buffer.from('hello'));
        session.end(open['stdin']!);
      });
      assert.equal(out['stdout'], 'hello');
    });
  }

  it('an old SPDY client gets a text for a status, no sizes are expected of it', async () => {
    await using b = await bed('exec', 'WebSocket v4', { flags: terminal });
    const out = await execSpdy(b.port, ['channel.k8s.io'], terminal, (session, open) => {
      session.send(open['stdin']!, Buffer.from(quit));
    });
    assert.equal(out['error'], exitStatus.message);
  });

  it('keeps a lot of data whole', async () => {
    await using b = await bed('exec');
    const { channels } = await exec(b.port, 'v5.channel.k8s.io', (send, ws) => {
      for (let i = 0; i < 50; i++) send(0, 'x'.repeat(60_000));
      ws.send(Buffer.from([255, 0]));
    });
    assert.equal(channels[1]?.length, 3_000_000);
  });

  it('ends the command’s connection when the client goes', async () => {
    await using b = await bed('exec');
    const gone = Promise.withResolvers<void>();
    const ended = exec(b.port, 'v5.channel.k8s.io', (send, ws) => {
      send(0, 'x');
      // Its echo: the two are joined.
      ws.on('message', (data: Buffer) => {
        if (data.length < 2) return;
        for (const socket of b.runtime.open) void once(socket, 'close').then(() => gone.resolve());
        ws.terminate();
      });
    });
    await Promise.all([ended, gone.promise]);
    assert.equal(b.runtime.open.size, 0);
  });

  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
    it(`${protocol}: says why when the runtime refuses`, async () => {
      await using b = await bed('exec');
      b.runtime.refuse = true;
      await assert.rejects(
        exec(b.port, protocol, () => undefined),
        /404/,
      );
    });
  }

  it('refuses protocols that nobody knows', async () => {
    await using b = await bed('exec');
    await assert.rejects(
      exec(b.port, 'v9.channel.k8s.io', () => undefined),
      /403/,
    );
    await using other = await bed('exec', 'WebSocket v4');
    await assert.rejects(spdy(other.port, ['v9.channel.k8s.io']), /403/);
  });
});

/** Sends a line to a port over SPDY streams and gives what came back on each. */
async function askPort(session: SpdySession, port: number, id: string): Promise<string[]> {
  const headers = { port: String(port), requestid: id };
  const error = session.open({ streamtype: 'error', ...headers });
  session.end(error);
  const data = session.open({ streamtype: 'data', ...headers });
  const got = ['', ''];
  const ends = [data, error].map((s, i) => {
    s.onData = (bytes) => {
      got[i] = `${got[i]}${bytes}`;
      if (bytes.toString().endsWith('QUIT\n')) session.end(data);
    };
    return new Promise<void>((resolve) => {
      s.onEnd = resolve;
    });
  });
  session.send(data, Buffer.from(`${id} quit\n`));
  await Promise.all(ends);
  return got;
}

describe('port-forward, whatever the client and the runtime speak', () => {
  for (const spoken of ['SPDY', 'WebSocket v4'] as const) {
    it(`SPDY with ${spoken}: several connections at once`, async () => {
      await using b = await bed('portForward', spoken);
      const { socket, head } = await spdy(b.port, ['portforward.k8s.io']);
      const session = new SpdySession(socket, head);
      const answers = await Promise.all([
        askPort(session, 80, 'a'),
        askPort(session, 81, 'b'),
        askPort(session, 9, 'c'),
      ]);
      assert.deepEqual(answers, [
        ['A QUIT\n', ''],
        ['B QUIT\n', ''],
        ['', 'port 9 is closed'],
      ]);
      session.close();
    });

    it(`SPDY in WebSocket messages with ${spoken}`, async () => {
      await using b = await bed('portForward', spoken);
      // The library takes no `/` in the name of a protocol.
      const ws = new WebSocket(`ws://127.0.0.1:${b.port}/`, {
        headers: { 'Sec-WebSocket-Protocol': tunnelProtocol },
      });
      const answered = once(ws, 'upgrade') as Promise<[IncomingMessage]>;
      ws.on('error', () => undefined);
      const [{ headers }] = await answered;
      assert.equal(headers['sec-websocket-protocol'], tunnelProtocol);
    });

    it(`WebSocket v4 with ${spoken}`, async () => {
      await using b = await bed('portForward', spoken);
      const ws = new WebSocket(`ws://127.0.0.1:${b.port}/`, 'v4.channel.k8s.io');
      const got: Record<number, Buffer> = {};
      ws.on('open', () => ws.send(message(0, 'a quit\n')));
      const done = Promise.withResolvers<void>();
      ws.on('message', (data: Buffer) => {
        const before = got[data[0]!] ?? Buffer.alloc(0);
        got[data[0]!] = Buffer.concat([before, data.subarray(1)]);
        if (got[0]?.toString().endsWith('QUIT\n') && got[1] !== undefined) done.resolve();
      });
      await done.promise;
      assert.equal(got[0]?.readUInt16LE(0), 80);
      assert.equal(got[1]?.readUInt16LE(0), 80);
      assert.equal(got[0]?.toString('utf8', 2), 'A QUIT\n');
      const closed = [...b.runtime.open].map((socket) => once(socket, 'close'));
      ws.terminate();
      await Promise.all(closed);
    });
  }

  it('a refusal of the runtime is the client’s answer', async () => {
    await using b = await bed('portForward');
    b.runtime.refuse = true;
    await assert.rejects(spdy(b.port, ['portforward.k8s.io']), /404/);
  });
});
