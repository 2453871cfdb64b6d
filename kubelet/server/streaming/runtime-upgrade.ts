/** A connection to the runtime's streaming server, upgraded to another protocol. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface Upgraded {
  readonly socket: Socket;
  /** What came right after the answer's headers. */
  readonly head: Buffer;
  readonly response: IncomingMessage;
}

/** The runtime refused to upgrade. */
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

const maxRefusalBytes = 64 * 1024;

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

/** Sends the request to the one-time URL; resolves when the runtime has switched protocols. */
export function upgradeToRuntime(
  url: string,
  method: string,
  headers: Record<string, string | string[]>,
  signal: AbortSignal,
): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method, headers, agent: false, signal });
    req.on('upgrade', (response, socket, head) => {
      resolve({ response, socket: socket as Socket, head });
    });
    req.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= maxRefusalBytes) parts.push(part);
      });
      response.on('end', () => {
        const body = Buffer.concat(parts).toString();
        reject(new UpgradeRefused(response.statusCode ?? 502, response.headers, body));
      });
    });
    req.on('error', reject);
    req.end();
  });
}
