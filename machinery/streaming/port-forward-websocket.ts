/**
 * Port-forward with a client that speaks WebSocket (`v4.channel.k8s.io`) and a backend that speaks
 * SPDY only: the ports stand in the request, two channels for each.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SpdySession } from './spdy-session.ts';
import { ChannelSocket } from './websocket-messages.ts';

/** What clients may ask for; '' is a client that names none. */
export const portForwardWebSocketProtocols: readonly string[] = [
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  '',
];

/** Joins the two until all ports have ended or one side has gone. */
export function forwardWebSocketToSpdy(
  ws: WebSocket,
  protocol: string,
  backend: { readonly socket: Duplex; readonly head: Buffer },
  ports: readonly number[],
): void {
  const channels = new ChannelSocket(ws, protocol.includes('base64.'));
  const session = new SpdySession(backend.socket, backend.head);
  let open = ports.length * 2;
  const ended = (): void => {
    if (--open === 0) channels.finish();
  };
  const data = ports.map((port, i) => {
    const told = Buffer.alloc(2);
    told.writeUInt16LE(port);
    const headers = { port: String(port), requestid: String(i) };
    const error = session.open({ streamtype: 'error', ...headers });
    // Nothing is ever sent on it.
    session.end(error);
    const stream = session.open({ streamtype: 'data', ...headers });
    [stream, error].forEach((s, j) => {
      channels.send(i * 2 + j, told);
      s.onData = (bytes) => {
        if (channels.send(i * 2 + j, bytes)) return;
        session.pause();
        void channels.drained().then(() => session.resume());
      };
      s.onEnd = ended;
    });
    return stream;
  });
  channels.onMessage = (number, bytes) => {
    const stream = number % 2 === 0 ? data[number / 2] : undefined;
    if (stream === undefined || bytes.length === 0 || session.send(stream, bytes)) return;
    channels.pause();
    void session.drained().then(() => channels.resume());
  };
  channels.onClose = () => session.close();
  session.onClose = () => channels.finish();
}
