/** Hands an upgrade request through to the runtime and joins the two connections, byte by byte. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { forwardedHeaders, UpgradeRefused, upgradeToRuntime } from './runtime-upgrade.ts';

/** Writes the head of an HTTP answer to a bare connection. */
export function writeHead(
  socket: Duplex,
  status: number,
  headers: Record<string, string | readonly string[] | undefined>,
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

/** Joins two connections until both directions have ended; silence for `idleMs` ends them too. */
export function join(a: Duplex, b: Duplex, idleMs: number): void {
  const close = (): void => {
    a.destroy();
    b.destroy();
  };
  for (const side of [a, b]) {
    side.on('error', close);
    side.on('close', close);
    if (side.destroyed) close();
    if (idleMs > 0) (side as Socket).setTimeout?.(idleMs, close);
  }
  // pipe() keeps to the pace of the slower side and passes half-closes on.
  a.pipe(b);
  b.pipe(a);
}

/** Passes the client's own upgrade (SPDY, older WebSocket protocols) to the runtime's URL. */
export async function tunnel(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  url: string,
  idleMs: number,
): Promise<void> {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  socket.once('close', abort);
  try {
    const headers = forwardedHeaders(req.headers);
    const upgraded = await upgradeToRuntime(url, req.method ?? 'POST', headers, gone.signal);
    const { response } = upgraded;
    writeHead(socket, response.statusCode ?? 101, response.headers);
    if (upgraded.head.length > 0) socket.write(upgraded.head);
    if (head.length > 0) upgraded.socket.write(head);
    join(socket, upgraded.socket, idleMs);
  } catch (error) {
    if (gone.signal.aborted) return;
    if (error instanceof UpgradeRefused) {
      const { 'transfer-encoding': _, 'content-length': __, ...rest } = error.headers;
      writeHead(socket, error.status, {
        ...rest,
        connection: 'close',
        'content-length': String(Buffer.byteLength(error.message)),
      });
      socket.end(error.message);
      return;
    }
    refuse(socket, 502, `error dialing backend: ${(error as Error).message}`);
  } finally {
    socket.removeListener('close', abort);
  }
}
