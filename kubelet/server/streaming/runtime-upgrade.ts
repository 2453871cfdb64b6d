/** A connection to the runtime's streaming server, upgraded to another protocol. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { maxMessageBytes, refusalOf, type Upgraded } from '../../../machinery/streaming/upgrade.ts';

/** Headers that belong to one hop. */
const ownHeaders = new Set(['host', 'authorization', 'x-forwarded-for', 'x-forwarded-proto']);

/** What of a client's request headers the runtime gets: all about the upgrade. */
export function forwardedHeaders(
  headers: IncomingMessage['headers'],
): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ownHeaders.has(name)) out[name] = value;
  }
  return out;
}

/** The headers of a request for SPDY/3.1. */
export function spdyHeaders(protocols: readonly string[]): Record<string, string | string[]> {
  return {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': [...protocols],
  };
}

/** Sends the request to the one-time URL; resolves when the runtime has switched protocols. */
export function upgradeToRuntime(
  url: string,
  method: string,
  headers: Record<string, string | string[]>,
  signal: AbortSignal,
): Promise<Upgraded & { readonly socket: Socket }> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method, headers, agent: false, signal });
    req.on('upgrade', (response, socket, head) => {
      resolve({ response, socket: socket as Socket, head });
    });
    req.on('response', (response) => void refusalOf(response).then(reject, reject));
    req.on('error', reject);
    req.end();
  });
}

/** The same for a WebSocket; resolves with a paused one. */
export function webSocketToRuntime(
  url: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], {
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
    });
    const abort = (): void => ws.terminate();
    signal.addEventListener('abort', abort, { once: true });
    ws.once('unexpected-response', (_, response) => {
      void refusalOf(response).then(reject, reject);
    });
    ws.on('error', reject);
    ws.once('open', () => {
      signal.removeEventListener('abort', abort);
      ws.off('error', reject);
      ws.pause();
      resolve(ws);
    });
  });
}
