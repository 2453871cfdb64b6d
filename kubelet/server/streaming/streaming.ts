/**
 * Streams between clients and the runtime: exec, attach and port-forward. What the runtime speaks
 * itself (SPDY, WebSocket v4) is tunnelled raw; the newer WebSocket protocols are translated.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { channelProtocolV5, joinWebSocket, type StreamFlags } from './exec-websocket.ts';
import { type Upgraded, UpgradeRefused, upgradeToRuntime } from './runtime-upgrade.ts';
import { SpdySession } from './spdy-session.ts';
import { join, refuse, tunnel } from './tunnel.ts';

/** SPDY frames carried in WebSocket messages (KEP-4006, port-forward). */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';
const execProtocol = 'v4.channel.k8s.io';
const maxMessageBytes = 32 * 1024 * 1024;

export interface StreamRequest {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** The one-time URL of the runtime's streaming server. */
  readonly url: string;
  readonly kind: 'exec' | 'attach' | 'portForward';
  readonly flags: StreamFlags;
  readonly idleMs: number;
}

function offeredProtocols(req: IncomingMessage): string[] {
  const header = req.headers['sec-websocket-protocol'];
  return [header ?? []].flat().flatMap((h) => h.split(',').map((p) => p.trim()));
}

function spdyHeaders(protocol: string): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': protocol,
  };
}

/** Takes over the connection; answers by itself when something is wrong. */
export async function stream(request: StreamRequest): Promise<void> {
  const { req, socket, head, url, kind, idleMs } = request;
  const isWebSocket = req.headers.upgrade?.toLowerCase() === 'websocket';
  const wanted = kind === 'portForward' ? tunnelProtocol : channelProtocolV5;
  if (!isWebSocket || !offeredProtocols(req).includes(wanted)) {
    await tunnel(req, socket, head, url, idleMs);
    return;
  }
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  socket.once('close', abort);
  let upgraded: Upgraded | undefined;
  try {
    const protocol = kind === 'portForward' ? portForwardProtocol : execProtocol;
    upgraded = await upgradeToRuntime(url, 'POST', spdyHeaders(protocol), gone.signal);
    const { socket: runtime } = upgraded;
    const ws = accept(request, wanted);
    if (kind === 'portForward') {
      const duplex = createWebSocketStream(ws);
      if (upgraded.head.length > 0) duplex.write(upgraded.head);
      join(duplex, runtime, idleMs);
      // A WebSocket has no half-close.
      ws.once('close', () => runtime.destroySoon());
      return;
    }
    if (idleMs > 0) runtime.setTimeout(idleMs, () => runtime.destroy());
    joinWebSocket(ws, new SpdySession(runtime, upgraded.head), request.flags);
  } catch (error) {
    upgraded?.socket.destroy();
    if (gone.signal.aborted) return;
    const status = error instanceof UpgradeRefused ? error.status : 502;
    refuse(socket, status, (error as Error).message);
  } finally {
    socket.removeListener('close', abort);
  }
}

/** Switches the client's connection over. Throws UpgradeRefused when its request is no good. */
function accept({ req, socket, head }: StreamRequest, protocol: string): WebSocket {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  // The library takes no `/` in the name of a protocol: it is kept from it and answered here.
  const { 'sec-websocket-protocol': _, ...headers } = req.headers;
  const request = Object.create(req, { headers: { value: headers } }) as IncomingMessage;
  server.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  let problem = 'the connection is closed';
  server.on('wsClientError', (error) => {
    problem = error.message;
  });
  let accepted: WebSocket | undefined;
  server.handleUpgrade(request, socket, head, (ws) => {
    accepted = ws;
  });
  if (accepted === undefined) throw new UpgradeRefused(400, {}, problem);
  return accepted;
}
