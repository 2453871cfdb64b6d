/** The HTTP/2 connection to one of etcd's members: how it is opened and kept. */
import { type ClientHttp2Session, connect } from 'node:http2';

export interface EtcdOptions {
  /** Such as `https://10.0.0.1:2379`; the first that works is used. */
  readonly servers: readonly string[];
  /** PEM: whom to trust (the system's roots unless given), and who we are. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Time limit of a call. Default 10 seconds. */
  readonly timeoutMs?: number;
}

/** A connection that is not there by then is given up. */
export const connectMs = 10_000;
/** A connection in use is asked so often whether it lives, and must answer in such time. */
const pingMs = 30_000;
const pongMs = 10_000;
/** What may be on its way to us: pages of 2 MiB, many at a time. */
const streamWindowBytes = 4 * 1024 * 1024;
const sessionWindowBytes = 16 * 1024 * 1024;
const sessionMemoryMb = 1024;

/** What keeps a connection alive. */
export interface KeepAlive {
  /** Whether calls run over it. etcd hangs up on who pings an idle connection. */
  busy(): boolean;
  /** Default 30 seconds. */
  readonly pingMs?: number;
}

/** Connects and waits for the server to say hello; rejects when it does not in time. */
export function openSession(
  server: URL,
  { ca, cert, key }: EtcdOptions,
  alive: KeepAlive,
): Promise<ClientHttp2Session> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const session = connect(server, {
    // The certificate must be one of the host in the address: node's own check.
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    settings: { enablePush: false, initialWindowSize: streamWindowBytes },
    maxSessionMemory: sessionMemoryMb,
  });
  const timer = setTimeout(() => session.destroy(new Error('it does not answer')), connectMs);
  const failed = (error?: Error) => reject(error ?? new Error('it hangs up'));
  session.on('error', failed);
  session.once('close', () => {
    clearTimeout(timer);
    failed();
  });
  session.once('remoteSettings', () => {
    clearTimeout(timer);
    session.setLocalWindowSize(sessionWindowBytes);
    keepAlive(session, alive);
    resolve(session);
  });
  return promise;
}

/** Ends a connection whose other end has gone silently. */
function keepAlive(session: ClientHttp2Session, alive: KeepAlive): void {
  const ping = setInterval(() => {
    if (!alive.busy()) return;
    const timer = setTimeout(() => session.destroy(new Error('a ping was not answered')), pongMs);
    timer.unref();
    try {
      session.ping(() => clearTimeout(timer));
    } catch {
      // It is closing.
      clearTimeout(timer);
    }
  }, alive.pingMs ?? pingMs);
  ping.unref();
  session.once('close', () => clearInterval(ping));
}
