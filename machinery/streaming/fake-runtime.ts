/**
 * A runtime's streaming server for tests, that speaks one protocol only. Its one command gives
 * standard input back as output, tells sizes, and ends with status 7 at the end of its input or the
 * line `quit`. Its ports answer in capitals; port 9 is closed.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { SpdySession, type SpdyStream } from './spdy-session.ts';
import { acceptSpdy, acceptWebSocket, asksWebSocket, offeredProtocols, refuse } from './upgrade.ts';
import { ChannelSocket } from './websocket-messages.ts';

export type Spoken = 'SPDY' | 'WebSocket v4' | 'WebSocket v5';

/** How the command ends. */
export const exitStatus = {
  metadata: {},
  status: 'Failure',
  message: 'command terminated with non-zero exit code: exit status 7',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: '7' }] },
};

export interface FakeRuntime extends AsyncDisposable {
  readonly url: string;
  /** Connections that were taken over and are open. */
  readonly open: Set<Duplex>;
  /** The protocol of each upgrade that was asked for. */
  readonly asked: string[];
  /** Answers every upgrade with 404. */
  refuse: boolean;
}

export async function fakeRuntime(
  kind: 'exec' | 'portForward',
  spoken: Spoken,
  port: (request: IncomingMessage) => number = () => 80,
): Promise<FakeRuntime> {
  const server = createServer((_, response) => response.writeHead(404).end('gone'));
  const fake = {
    url: '',
    open: new Set<Duplex>(),
    asked: [] as string[],
    refuse: false,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      for (const socket of fake.open) socket.destroy();
    },
  };
  server.on('upgrade', (req, socket, head) => {
    fake.open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => fake.open.delete(socket));
    fake.asked.push(req.headers.upgrade ?? '');
    if (fake.refuse) {
      refuse(socket, 404, 'gone');
      return;
    }
    const webSocket = asksWebSocket(req);
    const protocol = spoken === 'WebSocket v5' ? 'v5.channel.k8s.io' : 'v4.channel.k8s.io';
    const spoke = webSocket ? offeredProtocols(req).includes(protocol) : true;
    if (webSocket === (spoken === 'SPDY') || !spoke) {
      refuse(socket, 403, 'not spoken here');
      return;
    }
    if (webSocket) {
      const ws = acceptWebSocket({ req, socket, head }, protocol);
      const channels = new ChannelSocket(ws, false);
      if (kind === 'exec') echoMessages(channels);
      else forwardMessages(channels, port(req));
      return;
    }
    acceptSpdy({ req, socket, head }, kind === 'exec' ? 'v4.channel.k8s.io' : 'portforward.k8s.io');
    if (kind === 'exec') echoStreams(socket, head);
    else forwardStreams(socket, head);
  });
  fake.url = `http://127.0.0.1:${await listening(server)}/x`;
  return fake;
}

export function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const quits = (data: Buffer) => data.toString().endsWith('quit\n');
const status = Buffer.from(JSON.stringify(exitStatus));

function echoStreams(socket: Duplex, head: Buffer): void {
  const streams = new Map<string, SpdyStream>();
  const finish = (): void => {
    for (const [kind, text] of Object.entries({ stderr: 'bye', stdout: '', error: status })) {
      const stream = streams.get(kind);
      if (stream === undefined) continue;
      session.send(stream, Buffer.from(text));
      session.end(stream);
    }
  };
  const session: SpdySession = new SpdySession(socket, head, (stream) => {
    const kind = stream.headers['streamtype'] ?? '';
    streams.set(kind, stream);
    const say = (data: Buffer) => session.send(streams.get('stdout')!, data);
    if (kind === 'resize') stream.onData = (data) => say(Buffer.from(`size ${data}`));
    if (kind === 'stdin') {
      stream.onData = (data) => {
        if (!say(data)) {
          session.pause();
          void session.drained().then(() => session.resume());
        }
        if (quits(data)) finish();
      };
      stream.onEnd = finish;
    }
    return true;
  });
}

function echoMessages(channels: ChannelSocket): void {
  const finish = (): void => {
    channels.send(2, Buffer.from('bye'));
    channels.send(3, status);
    channels.finish();
  };
  channels.onMessage = (channel, data) => {
    if (channel === 255 && data[0] === 0) finish();
    if (channel === 4) channels.send(1, Buffer.from(`size ${data}`));
    if (channel !== 0) return;
    channels.send(1, data);
    if (quits(data)) finish();
  };
}

function forwardStreams(socket: Duplex, head: Buffer): void {
  const errors = new Map<string, SpdyStream>();
  const session: SpdySession = new SpdySession(socket, head, (stream) => {
    const { streamtype, requestid = '', port } = stream.headers;
    if (streamtype === 'error') {
      errors.set(requestid, stream);
      return true;
    }
    const error = errors.get(requestid)!;
    if (port === '9') session.send(error, Buffer.from('port 9 is closed'));
    else stream.onData = (data) => session.send(stream, upper(data));
    stream.onEnd = () => {
      session.end(stream);
      session.end(error);
    };
    if (port === '9') queueMicrotask(stream.onEnd);
    return true;
  });
}

function forwardMessages(channels: ChannelSocket, port: number): void {
  const told = Buffer.alloc(2);
  told.writeUInt16LE(port);
  channels.send(0, told);
  channels.send(1, told);
  if (port === 9) {
    channels.send(1, Buffer.from('port 9 is closed'));
    channels.finish();
    return;
  }
  channels.onMessage = (channel, data) => {
    if (channel !== 0) return;
    channels.send(0, upper(data));
    if (quits(data)) channels.finish();
  };
}

function upper(data: Buffer): Buffer {
  return Buffer.from(data.toString().toUpperCase());
}
