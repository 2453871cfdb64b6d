/** The beginning and the end of a listening server. */
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';

export interface ListenAddress {
  readonly securePort: number;
  readonly bindAddress: string;
  readonly permitPortSharing: boolean;
}

/** Resolves when it listens. Throws an Error with one line for people. */
export async function listen(server: Server, options: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (e: NodeJS.ErrnoException) => {
      reject(
        e.code === 'EADDRINUSE'
          ? new Error(
              `port ${options.securePort} is in use: stop what listens there or give another --secure-port`,
            )
          : e,
      );
    });
    const { securePort: port, bindAddress: host, permitPortSharing: reusePort } = options;
    server.listen({ port, host, reusePort }, resolve);
  });
}

/** What a server that ends leaves behind. */
export interface Ending {
  readonly server: Server;
  /** Connections that are no longer the HTTP server's to close. */
  readonly takenOver: ReadonlySet<Duplex>;
  /** Closed last. */
  readonly opened: AsyncDisposable;
  /** So long after the signal requests are still served. */
  readonly delayMs: number;
  readonly log: Logger;
}

/** Resolves when `signal` has come and everything has ended. */
export async function ended(
  { server, takenOver, opened, delayMs, log }: Ending,
  signal: AbortSignal,
): Promise<void> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  // /readyz fails from here on: whoever shares requests out takes this server off its list.
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Watches do not end by themselves.
  setTimeout(() => {
    server.closeAllConnections();
    for (const socket of takenOver) socket.destroy();
  }, 500).unref();
  await closed;
  await opened[Symbol.asyncDispose]();
  log.info('stopped');
}
