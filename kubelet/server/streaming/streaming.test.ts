import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createInflate } from 'node:zlib';
import { WebSocket } from 'ws';
import { stream } from './streaming.ts';

/** The runtime's side of SPDY, as much as exec needs: standard input comes back as output. */
function echoSession(socket: Socket, head: Buffer): void {
  const inflate = createInflate();
  const kinds = new Map<number, string>();
  let text = '';
  inflate.on('data', (d: Buffer) => {
    text += d.toString('latin1');
  });
  const send = (kind: string, data: Buffer, fin = false): void => {
    const id = [...kinds].find(([, k]) => k === kind)?.[0];
    if (id === undefined) return;
    const header = Buffer.alloc(8);
    header.writeUInt32BE(id, 0);
    header.writeUInt32BE(((fin ? 1 : 0) << 24) | data.length, 4);
    socket.write(Buffer.concat([header, data]));
  };
  const finish = (): void => {
    send('stderr', Buffer.from('bye'), true);
    send('stdout', Buffer.alloc(0), true);
    const status = { status: 'Failure', details: { causes: [{ message: '7' }] } };
    send('error', Buffer.from(JSON.stringify(status)), true);
  };
  let rest = head;
  let work = Promise.resolve();
  const frame = async (first: number, flags: number, payload: Buffer): Promise<void> => {
    if (first >>> 31) {
      if ((first & 0xffff) !== 1) return;
      text = '';
      inflate.write(payload.subarray(10));
      while (!text.includes('streamtype')) await new Promise((r) => setImmediate(r));
      kinds.set(payload.readUInt32BE(0), /streamtype\0\0\0.(\w+)/s.exec(text)![1]!);
      return;
    }
    const kind = kinds.get(first);
    if (kind === 'stdin') send('stdout', payload);
    if (kind === 'resize') send('stdout', Buffer.concat([Buffer.from('size '), payload]));
    if (kind === 'stdin' && flags & 1) finish();
  };
  const read = (data: Buffer): void => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4) & 0xffffff;
      if (rest.length < 8 + length) return;
      const [first, flags] = [rest.readUInt32BE(0), rest[4]!];
      const payload = rest.subarray(8, 8 + length);
      rest = rest.subarray(8 + length);
      work = work.then(() => frame(first, flags, payload));
    }
  };
  socket.on('data', read);
  read(Buffer.alloc(0));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

interface Bed extends AsyncDisposable {
  readonly port: number;
  /** Connections to the runtime that are open. */
  readonly open: Set<Socket>;
  refuse: boolean;
}

async function bed(
  kind: 'exec' | 'portForward',
  flags = { stdin: true, stdout: true, stderr: true, tty: false },
): Promise<Bed> {
  const open = new Set<Socket>();
  const state = { refuse: false };
  const runtime = createServer((_, res) => res.writeHead(404).end('gone'));
  runtime.on('upgrade', (req, duplex, head) => {
    const socket = duplex as Socket;
    if (state.refuse) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone');
      return;
    }
    open.add(socket);
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    const protocol = req.headers['x-stream-protocol-version'] ?? '';
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${req.headers.upgrade}\r\nx-stream-protocol-version: ${protocol}\r\n\r\n`,
    );
    if (kind === 'exec' && req.headers.upgrade === 'SPDY/3.1') echoSession(socket, head);
    else socket.on('data', (d) => socket.write(d));
  });
  const url = `http://127.0.0.1:${await listen(runtime)}/x`;
  const front = createServer();
  front.on('upgrade', (req, socket, head) => {
    void stream({ req, socket, head, url, kind, flags, idleMs: 0 });
  });
  const port = await listen(front);
  return {
    port,
    open,
    get refuse() {
      return state.refuse;
    },
    set refuse(value) {
      state.refuse = value;
    },
    async [Symbol.asyncDispose]() {
      for (const server of [runtime, front]) {
        server.close();
        server.closeAllConnections();
      }
      for (const socket of open) socket.destroy();
    },
  };
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; !what(); i++) {
    if (i > 500) throw new Error(`not reached: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

interface Ended {
  readonly channels: Record<number, string>;
  readonly code: number;
}

function exec(port: number, protocol: string, act: (ws: WebSocket) => void): Promise<Ended> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/exec`, protocol);
  const channels: Record<number, string> = {};
  return new Promise((resolve, reject) => {
    ws.on('open', () => act(ws));
    ws.on('message', (data: Buffer) => {
      channels[data[0]!] = (channels[data[0]!] ?? '') + data.subarray(1).toString();
    });
    ws.on('error', reject);
    ws.on('close', (code) => resolve({ channels, code }));
  });
}

const message = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);

describe('exec over WebSocket v5', () => {
  it('carries streams, the end of input, and the exit status', async () => {
    await using b = await bed('exec');
    const { channels, code } = await exec(b.port, 'v5.channel.k8s.io', (ws) => {
      ws.send(message(0, 'hello'));
      ws.send(Buffer.from([255, 0]));
    });
    assert.equal(channels[1], 'hello');
    assert.equal(channels[2], 'bye');
    assert.equal(JSON.parse(channels[3]!).details.causes[0].message, '7');
    assert.equal(code, 1000);
    await until(() => b.open.size === 0);
  });

  it('carries the size of a terminal', async () => {
    await using b = await bed('exec', { stdin: true, stdout: true, stderr: true, tty: true });
    const { channels } = await exec(b.port, 'v5.channel.k8s.io', (ws) => {
      ws.send(message(4, '{"Width":80}'));
      ws.send(Buffer.from([255, 0]));
    });
    assert.equal(channels[1], 'size {"Width":80}');
    assert.equal(channels[2], undefined);
  });

  it('keeps a lot of data whole', async () => {
    await using b = await bed('exec');
    const part = 'x'.repeat(60_000);
    const { channels } = await exec(b.port, 'v5.channel.k8s.io', (ws) => {
      for (let i = 0; i < 50; i++) ws.send(message(0, part));
      ws.send(Buffer.from([255, 0]));
    });
    assert.equal(channels[1]?.length, 3_000_000);
  });

  it('says why when the runtime refuses', async () => {
    await using b = await bed('exec');
    b.refuse = true;
    await assert.rejects(
      exec(b.port, 'v5.channel.k8s.io', () => undefined),
      /404/,
    );
  });
});

describe('tunnels', () => {
  const upgrade = (port: number, headers: Record<string, string>): Promise<[string, Socket]> =>
    new Promise((resolve, reject) => {
      const req = request({
        port,
        host: '127.0.0.1',
        agent: false,
        headers: { connection: 'Upgrade', ...headers },
      });
      req.on('upgrade', (res, socket) => resolve([res.headers.upgrade ?? '', socket as Socket]));
      req.on('response', (res) => reject(new Error(String(res.statusCode))));
      req.on('error', reject);
      req.end();
    });

  for (const headers of [
    { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' },
    { upgrade: 'websocket', 'sec-websocket-protocol': 'v4.channel.k8s.io' },
  ]) {
    it(`passes ${headers.upgrade} through, both ways, and its end`, async () => {
      await using b = await bed('portForward');
      const [protocol, socket] = await upgrade(b.port, headers);
      assert.equal(protocol, headers.upgrade);
      const echoed = new Promise((resolve) => socket.once('data', (d) => resolve(String(d))));
      socket.write('ping');
      assert.equal(await echoed, 'ping');
      socket.destroy();
      await until(() => b.open.size === 0);
    });
  }

  it('carries SPDY in WebSocket messages for port-forward', async () => {
    await using b = await bed('portForward');
    const protocol = 'SPDY/3.1+portforward.k8s.io';
    const socket = connect(b.port, '127.0.0.1');
    socket.write(
      [
        'GET / HTTP/1.1',
        'Host: x',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        `Sec-WebSocket-Protocol: ${protocol}`,
        '\r\n',
      ].join('\r\n'),
    );
    let received = '';
    socket.on('data', (d) => {
      received += d.toString('latin1');
    });
    await until(() => received.includes('\r\n\r\n'));
    assert.match(received, /^HTTP\/1\.1 101 /);
    assert(received.includes(`Sec-WebSocket-Protocol: ${protocol}\r\n`));
    // A masked binary frame of two bytes; the mask is zero.
    socket.write(Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    await until(() => received.endsWith('hi'));
    socket.destroy();
    await until(() => b.open.size === 0);
  });

  it('a refusal of the runtime is the client’s answer', async () => {
    await using b = await bed('portForward');
    b.refuse = true;
    await assert.rejects(upgrade(b.port, { upgrade: 'SPDY/3.1' }), /404/);
  });
});
