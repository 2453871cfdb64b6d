/**
 * Clients and backends that speak different protocols: exec, attach and port-forward translated
 * between SPDY/3.1 and the WebSocket protocols. What both speak is tunnelled elsewhere, as it is.
 */
import { createWebSocketStream, type WebSocket } from 'ws';
import { joinCommand, type StreamFlags } from './command-side.ts';
import { commandProtocols, SpdyClientSide, SpdyRuntimeSide } from './command-spdy.ts';
import {
  channelProtocolV5,
  commandWebSocketProtocols,
  WebSocketSide,
} from './command-websocket.ts';
import { joinBytes } from './join-bytes.ts';
import { forwardSpdyToWebSockets } from './port-forward-spdy.ts';
import { forwardWebSocketToSpdy, portForwardWebSocketProtocols } from './port-forward-websocket.ts';
import {
  acceptSpdy,
  acceptWebSocket,
  asksWebSocket,
  chooseSpdyProtocol,
  offeredProtocols,
  refusesProtocol,
  type Upgraded,
  UpgradeRefused,
  type UpgradeRequest,
} from './upgrade.ts';

/** SPDY frames carried in WebSocket messages (KEP-4006, port-forward). */
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';

export type StreamKind = 'attach' | 'exec' | 'portForward';

/** How to reach the other side. Both throw UpgradeRefused, and what a broken connection throws. */
export interface StreamBackend {
  spdy(protocols: readonly string[]): Promise<Upgraded>;
  /** Resolves with a paused socket. `port`: for a port-forward, the one that is meant. */
  webSocket(protocols: readonly string[], port?: number): Promise<WebSocket>;
}

export interface BridgeRequest extends UpgradeRequest {
  readonly kind: StreamKind;
  readonly flags: StreamFlags;
  /** Of a port-forward over WebSocket. */
  readonly ports: readonly number[];
  readonly backend: StreamBackend;
  /** Ends the wait for a client that does not open its streams. */
  readonly giveUp: AbortSignal;
}

/** Whether a request speaks one of the newer WebSocket protocols, which runtimes do not know. */
export function needsBridge(request: UpgradeRequest, kind: StreamKind): boolean {
  if (!asksWebSocket(request.req)) return false;
  return offeredProtocols(request.req).includes(
    kind === 'portForward' ? tunnelProtocol : channelProtocolV5,
  );
}

/**
 * Takes over the client's connection. Throws when the backend refuses, or the client speaks nothing
 * that is known; nothing has been answered then.
 */
export async function bridge(request: BridgeRequest): Promise<void> {
  if (request.kind === 'portForward') return bridgePortForward(request);
  return bridgeCommand(request);
}

async function bridgeCommand(request: BridgeRequest): Promise<void> {
  const { req, backend, flags } = request;
  if (!asksWebSocket(req)) {
    const protocol = chooseSpdyProtocol(req, commandProtocols);
    const ws = await backend.webSocket([channelProtocolV5, 'v4.channel.k8s.io']);
    acceptSpdy(request, protocol);
    const { socket, head, giveUp } = request;
    const client = new SpdyClientSide(socket, head, protocol, flags, giveUp);
    joinCommand(client, new WebSocketSide(ws, ws.protocol, flags, 'client'));
    return;
  }
  const protocol = chooseWebSocketProtocol(request, commandWebSocketProtocols);
  const runtime = await spdyOrWebSocket(backend, ['v4.channel.k8s.io'], () =>
    backend.webSocket([channelProtocolV5, 'v4.channel.k8s.io']),
  );
  try {
    const client = new WebSocketSide(acceptWebSocket(request, protocol), protocol, flags, 'server');
    joinCommand(
      client,
      'head' in runtime
        ? new SpdyRuntimeSide(runtime.socket, runtime.head, flags)
        : new WebSocketSide(runtime, runtime.protocol, flags, 'client'),
    );
  } catch (e) {
    closeBackend(runtime);
    throw e;
  }
}

async function bridgePortForward(request: BridgeRequest): Promise<void> {
  const { req, backend, ports } = request;
  const dial = (port: number) => backend.webSocket(['v4.channel.k8s.io'], port);
  if (!asksWebSocket(req)) {
    const protocol = chooseSpdyProtocol(req, [portForwardProtocol]);
    acceptSpdy(request, protocol);
    forwardSpdyToWebSockets(request.socket, request.head, dial);
    return;
  }
  if (offeredProtocols(req).includes(tunnelProtocol)) {
    const runtime = await spdyOrWebSocket(backend, [portForwardProtocol], async () => undefined);
    try {
      const ws = acceptWebSocket(request, tunnelProtocol);
      const client = createWebSocketStream(ws);
      if (runtime === undefined) {
        forwardSpdyToWebSockets(client, Buffer.alloc(0), dial);
        return;
      }
      if (runtime.head.length > 0) client.write(runtime.head);
      joinBytes(client, runtime.socket);
    } catch (e) {
      closeBackend(runtime);
      throw e;
    }
    return;
  }
  const protocol = chooseWebSocketProtocol(request, portForwardWebSocketProtocols);
  if (ports.length === 0) throw new UpgradeRefused(400, {}, 'query parameter "port" is required');
  const runtime = await backend.spdy([portForwardProtocol]);
  try {
    forwardWebSocketToSpdy(acceptWebSocket(request, protocol), protocol, runtime, ports);
  } catch (e) {
    closeBackend(runtime);
    throw e;
  }
}

/** SPDY, or when that is refused what `otherwise` gives; the first refusal when both fail. */
async function spdyOrWebSocket<T>(
  backend: StreamBackend,
  protocols: readonly string[],
  otherwise: () => Promise<T>,
): Promise<Upgraded | T> {
  try {
    return await backend.spdy(protocols);
  } catch (e) {
    if (!refusesProtocol(e)) throw e;
    try {
      return await otherwise();
    } catch {
      throw e;
    }
  }
}

function closeBackend(runtime: Upgraded | WebSocket | undefined): void {
  if (runtime === undefined) return;
  if ('head' in runtime) runtime.socket.destroy();
  else runtime.terminate();
}

/** The newest for those who offer it at all; otherwise the client's favourite of those known. */
function chooseWebSocketProtocol(request: UpgradeRequest, known: readonly string[]): string {
  const asked = offeredProtocols(request.req);
  if (asked.length === 0) return '';
  if (asked.includes(channelProtocolV5) && known.includes(channelProtocolV5)) {
    return channelProtocolV5;
  }
  const chosen = asked.find((p) => known.includes(p));
  if (chosen !== undefined) return chosen;
  const text = `requested protocol(s) are not supported: [${asked.join(' ')}]; supports [${known.filter((k) => k !== '').join(' ')}]`;
  throw new UpgradeRefused(403, {}, text);
}
