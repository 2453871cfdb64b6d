/** Hands an upgrade request through to the runtime and joins the two connections, byte by byte. */
import type { Socket } from 'node:net';
import { joinBytes } from '../../../machinery/streaming/join-bytes.ts';
import { type UpgradeRequest, writeHead } from '../../../machinery/streaming/upgrade.ts';
import { forwardedHeaders, upgradeToRuntime } from './runtime-upgrade.ts';

/**
 * Passes the client's own upgrade (SPDY, older WebSocket protocols) to the runtime's URL. Throws
 * UpgradeRefused when the runtime refuses; nothing has been answered then.
 */
export async function tunnel(
  { req, socket, head }: UpgradeRequest,
  url: string,
  idleMs: number,
  gone: AbortSignal,
): Promise<void> {
  const headers = forwardedHeaders(req.headers);
  const upgraded = await upgradeToRuntime(url, req.method ?? 'POST', headers, gone);
  const { response } = upgraded;
  writeHead(socket, response.statusCode ?? 101, response.headers);
  if (upgraded.head.length > 0) socket.write(upgraded.head);
  if (head.length > 0) upgraded.socket.write(head);
  closeWhenIdle(upgraded.socket, idleMs);
  joinBytes(socket, upgraded.socket);
}

/** Silence for so long ends a connection; 0: never. */
export function closeWhenIdle(socket: Socket, idleMs: number): void {
  if (idleMs > 0) socket.setTimeout(idleMs, () => socket.destroy());
}
