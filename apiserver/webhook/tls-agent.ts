/**
 * HTTPS connections to servers whose certificates are checked as Go checks them, with its texts;
 * connections are kept and used again.
 */
import { X509Certificate } from 'node:crypto';
import { Agent, type AgentOptions } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls';
import { certificateProblem } from './certificate-problem.ts';
import {
  dialError,
  exchangeError,
  joinHostPort,
  TransportError,
  tlsError,
} from './transport-error.ts';

/** Where to connect to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TlsAgentOptions {
  /** PEM; undefined: the authorities of the system. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** What the certificate must be for. */
  readonly serverName: string;
  /** Where the server is, asked for with each connection. Throws an Error. */
  address(): Address;
}

/** Connections that nobody uses are closed after so long. */
const idleMs = 90_000;
const maxIdle = 25;
/** So long may it take to connect, and to agree on TLS: what Go's client takes. */
const dialMs = 30_000;
const handshakeMs = 10_000;

type Connected = (error: Error | null, stream: Duplex) => void;

/** Who waits for a connection is told that there will be none. */
function refuse(connected: Connected | undefined, error: Error): void {
  (connected as ((error: Error) => void) | undefined)?.(error);
}

export class TlsAgent extends Agent {
  readonly #target: TlsAgentOptions;

  constructor(target: TlsAgentOptions) {
    const options: AgentOptions = { keepAlive: true, maxFreeSockets: maxIdle, timeout: idleMs };
    super(options);
    this.#target = target;
  }

  /** Hands over connections whose certificate has been checked; fails with TransportErrors. */
  override createConnection(_options: unknown, connected?: Connected): undefined {
    let address: Address;
    try {
      address = this.#target.address();
    } catch (e) {
      const { message } = e as Error;
      queueMicrotask(() => refuse(connected, new TransportError(message, { cause: e })));
      return undefined;
    }
    const tcp = connectTcp({ ...address, noDelay: true, keepAlive: true });
    const limit = within(dialMs, tcp, () => {
      return new TransportError(
        `dial tcp ${joinHostPort(address.host, address.port)}: i/o timeout`,
      );
    });
    tcp.once('error', (e) => {
      limit.over();
      refuse(connected, e instanceof TransportError ? e : dialError(e, address.host));
    });
    tcp.once('connect', () => {
      limit.over();
      tcp.removeAllListeners('error');
      const ends = endsOf(tcp);
      const tls = this.#secure(tcp);
      const agreeing = within(handshakeMs, tls, () => {
        return new TransportError('net/http: TLS handshake timeout');
      });
      const fail = (e: NodeJS.ErrnoException) => {
        agreeing.over();
        if (e instanceof TransportError) refuse(connected, e);
        else refuse(connected, e.syscall === 'read' ? exchangeError(e, ends) : tlsError(e));
      };
      tls.once('error', fail);
      tls.once('secureConnect', () => {
        agreeing.over();
        tls.off('error', fail);
        const problem = this.#problemOf(tls);
        if (problem === undefined) {
          connected?.(null, tls);
          return;
        }
        tls.on('error', () => {});
        tls.destroy();
        refuse(connected, new TransportError(`tls: failed to verify certificate: ${problem}`));
      });
    });
    return undefined;
  }

  #secure(tcp: Duplex): TLSSocket {
    const { ca, cert, key, serverName } = this.#target;
    return connectTls({
      socket: tcp,
      ca: ca ?? getCACertificates('system'),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(isAddress(serverName) ? {} : { servername: serverName }),
      ALPNProtocols: ['http/1.1'],
      // The certificate is checked by #problemOf, before anything is sent: it words what is wrong.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
  }

  #problemOf(tls: TLSSocket): string | undefined {
    const peer = tls.getPeerX509Certificate();
    if (peer === undefined) return 'x509: certificate signed by unknown authority';
    const certificate = peer instanceof X509Certificate ? peer : new X509Certificate(peer);
    return certificateProblem(certificate, this.#target.serverName, tls.authorized, Date.now());
  }
}

/** Ends a stream with an error when `over` is not called in time. */
function within(ms: number, stream: Duplex, error: () => Error): { over(): void } {
  const timer = setTimeout(() => stream.destroy(error()), ms).unref();
  return { over: () => clearTimeout(timer) };
}

/** The two ends of a connection as Go names them: `a:1->b:2`. */
export function endsOf(socket: {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || remoteAddress === undefined) return undefined;
  return `${localAddress}:${localPort}->${remoteAddress}:${remotePort}`;
}

/** Server names of TLS are never addresses. */
function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
