/** Connections that have changed their protocol, and what is said when they do not. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** The longest message of a WebSocket; what is longer ends the connection. */
export const maxMessageBytes = 32 * 1024 * 1024;

/** A connection to a backend behind its `101 Switching Protocols`. */
export interface Upgraded {
  readonly socket: Duplex;
  /** What came right after the answer's headers. */
  readonly head: Buffer;
  readonly response: IncomingMessage;
}

/** A client's request for an upgrade. */
export interface UpgradeRequest {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** What came right after the request's headers. */
  readonly head: Buffer;
}

/** A backend that refused to upgrade, and the body of its answer. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];

  constructor(status: number, headers: IncomingMessage['headers'], body: string) {
    super(body);
    this.name = 'UpgradeRefused';
    this.status = status;
    this.headers = headers;
  }
}

/** So much of a refusal's body is handed on. */
const maxRefusalBytes = 64 * 1024;

/** A backend's answer to a request for an upgrade that is not the upgrade; reads its body. */
export async function refusalOf(response: IncomingMessage): Promise<UpgradeRefused> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxRefusalBytes) break;
    parts.push(part);
  }
  const body = Buffer.concat(parts).toString();
  return new UpgradeRefused(response.statusCode ?? 502, response.headers, body);
}

/** Refusals that may be about the protocol: another one is worth a try. */
export const protocolRefusals: ReadonlySet<number> = new Set([400, 403, 405, 426, 501]);

export function refusesProtocol(e: unknown): e is UpgradeRefused {
  return e instanceof UpgradeRefused && protocolRefusals.has(e.status);
}

/** Writes the head of an HTTP answer to a bare connection. */
export function writeHead(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (const [name, value] of Object.entries(headers)) {
    for (const v of [value ?? []].flat()) lines.push(`${name}: ${v}`);
  }
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Answers with a plain text and closes the connection. */
export function refuse(socket: Duplex, status: number, text: string): void {
  writeHead(socket, status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  });
  socket.end(text);
}

/** Hands a backend's refusal on to the client and closes its connection. */
export function passRefusalOn(socket: Duplex, { status, headers, message }: UpgradeRefused): void {
  const { 'transfer-encoding': _, 'content-length': __, ...rest } = headers;
  writeHead(socket, status, {
    'content-type': 'text/plain; charset=utf-8',
    ...rest,
    connection: 'close',
    'content-length': String(Buffer.byteLength(message)),
  });
  socket.end(message);
}

/** Whether a request asks for a WebSocket; anything else that comes here asks for SPDY. */
export function asksWebSocket(req: IncomingMessage): boolean {
  return req.headers.upgrade?.toLowerCase() === 'websocket';
}

/** The protocols that a WebSocket client offers, its favourite first. */
export function offeredProtocols(req: IncomingMessage): string[] {
  const header = req.headers['sec-websocket-protocol'];
  return [header ?? []].flat().flatMap((h) => h.split(',').map((p) => p.trim()));
}

/**
 * Switches a client's connection over to a WebSocket that speaks `protocol` ('': none is named).
 * Throws UpgradeRefused when the request is no good; nothing has been answered then.
 */
export function acceptWebSocket(request: UpgradeRequest, protocol: string): WebSocket {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  // The library takes no `/` in the name of a protocol: it is kept from it and answered here.
  const { 'sec-websocket-protocol': _, ...headers } = request.req.headers;
  const req = Object.create(request.req, { headers: { value: headers } }) as IncomingMessage;
  if (protocol !== '') {
    server.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  }
  let problem = 'the connection is closed';
  server.on('wsClientError', (error) => {
    problem = error.message;
  });
  let accepted: WebSocket | undefined;
  server.handleUpgrade(req, request.socket, request.head, (ws) => {
    accepted = ws;
  });
  if (accepted === undefined) throw new UpgradeRefused(400, {}, problem);
  return accepted;
}

/** Switches a client's connection over to SPDY/3.1 in the version that was chosen. */
export function acceptSpdy({ socket }: UpgradeRequest, protocol: string): void {
  writeHead(socket, 101, {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': protocol === '' ? undefined : protocol,
  });
}

/**
 * The first version that the client names and we know; '' when it names none. Throws a refusal as
 * the real kubelet words it.
 */
export function chooseSpdyProtocol(req: IncomingMessage, known: readonly string[]): string {
  const header = req.headers['x-stream-protocol-version'];
  const asked = [header ?? []].flat().flatMap((h) => h.split(',').map((p) => p.trim()));
  if (asked.length === 0) return '';
  const chosen = asked.find((p) => known.includes(p));
  if (chosen !== undefined) return chosen;
  const text = `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${known.join(' ')}]`;
  throw new UpgradeRefused(403, { 'x-accepted-stream-protocol-versions': known.join(', ') }, text);
}
