/** Why a connection to a backend failed, worded as the real server's network library does. */

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** Such as `dial tcp 10.0.0.1:10250: connect: connection refused`. */
export function dialProblem(e: unknown, host: string, port: string | number): string {
  const { code = '', message = String(e) } = (e ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `dial tcp: lookup ${host}: no such host`;
  const address = hostAndPort(host, port);
  const word = words[code];
  if (word !== undefined) return `dial tcp ${address}: ${word}`;
  if (code === 'ECONNRESET') return 'EOF';
  if (/^(CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code)) {
    return `tls: failed to verify certificate: x509: ${message}`;
  }
  return `dial tcp ${address}: ${message}`;
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: string | number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === '' ? name : `${name}:${port}`;
}
