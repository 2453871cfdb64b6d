/** How the kubelet's server speaks TLS. */
import type { ServerOptions } from 'node:https';
import type { SecureVersion } from 'node:tls';

export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  /** PEM of who signs client certificates; '' for none. */
  readonly clientCa: string;
  readonly minVersion: string;
  readonly ciphers: readonly string[];
}

/** What Node needs for these options. */
export function secureOptions(tls: TlsOptions): ServerOptions {
  const version = /^VersionTLS1([0-3])$/.exec(tls.minVersion)?.[1] ?? '2';
  return {
    cert: tls.cert,
    key: tls.key,
    minVersion: `TLSv1.${version}`.replace('TLSv1.0', 'TLSv1') as SecureVersion,
    ...(tls.ciphers.length > 0 ? { ciphers: tls.ciphers.map(opensslName).join(':') } : {}),
    ...(tls.clientCa === '' ? {} : { ca: tls.clientCa, requestCert: true }),
    // A certificate is not asked of everybody: tokens are checked later.
    rejectUnauthorized: false,
  };
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` as OpenSSL writes it. */
function opensslName(goName: string): string {
  return goName
    .replace(/^TLS_/, '')
    .replace('_WITH_', '-')
    .replace('AES_128', 'AES128')
    .replace('AES_256', 'AES256')
    .replace(/CHACHA20_POLY1305(_SHA256)?$/, 'CHACHA20-POLY1305')
    .replaceAll('_', '-');
}
