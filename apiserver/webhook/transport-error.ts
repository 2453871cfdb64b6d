/** What went wrong on the way to a server, in the words of Go's HTTP client. */
import { getServers } from 'node:dns';
import { quote } from '../../machinery/meta/field-error.ts';

/** A connection or an exchange that failed; the message is without the URL. */
export class TransportError extends Error {}

const refusals: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EPIPE: 'broken pipe',
};

/** OpenSSL's names of alerts that Go words differently. */
const alerts: Readonly<Record<string, string>> = {
  'unknown ca': 'unknown certificate authority',
  'protocol version': 'protocol version not supported',
};

/** A connection that could not be made; `host` is what was to be looked up. */
export function dialError(e: NodeJS.ErrnoException, host: string, cause = e): TransportError {
  if (e instanceof AggregateError && e.errors.length > 0) {
    // Several addresses: the first one's failure is told.
    return dialError(e.errors[0] as NodeJS.ErrnoException, host, cause);
  }
  const {
    code = '',
    address,
    port,
  } = e as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const text = (why: string) => new TransportError(`dial tcp${why}`, { cause });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const [server = ''] = getServers();
    const on = server === '' ? '' : ` on ${joinHostPort(server, 53)}`;
    const why = code === 'ENOTFOUND' ? 'no such host' : 'server misbehaving';
    return text(`: lookup ${host}${on}: ${why}`);
  }
  const where = address === undefined ? '' : ` ${joinHostPort(address, port ?? 0)}`;
  return text(`${where}: connect: ${refusals[code] ?? e.message}`);
}

/** What came between on a connection that stood; `ends`: its addresses, `a:1->b:2`. */
export function exchangeError(e: NodeJS.ErrnoException, ends: string | undefined): TransportError {
  const { code = '', syscall } = e;
  const text = (why: string) => new TransportError(why, { cause: e });
  if (code === 'ECONNRESET' && syscall !== 'read' && syscall !== 'write') return text('EOF');
  if ((syscall === 'read' || syscall === 'write') && ends !== undefined) {
    return text(`${syscall} tcp ${ends}: ${syscall}: ${refusals[code] ?? e.message}`);
  }
  if (code.startsWith('HPE_')) return text('malformed HTTP response');
  return tlsError(e);
}

/** A handshake that failed for another reason than the certificate. */
export function tlsError(e: NodeJS.ErrnoException): TransportError {
  const { code = '', message } = e;
  const text = (why: string) => new TransportError(why, { cause: e });
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return text('http: server gave HTTP response to HTTPS client');
  }
  const alert = /^ERR_SSL_(?:\w+_)?ALERT_(\w+)$/
    .exec(code)?.[1]
    ?.toLowerCase()
    .replaceAll('_', ' ');
  if (alert !== undefined) return text(`remote error: tls: ${alerts[alert] ?? alert}`);
  return text(code === 'ECONNRESET' ? 'EOF' : message);
}

/** `Post "https://…": why`. */
export function withUrl(method: string, url: string, why: string): string {
  return `${method.charAt(0)}${method.slice(1).toLowerCase()} ${quote(url)}: ${why}`;
}

/** Brackets around addresses of IPv6. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
