/** TLS of the server, from flags that name versions, ciphers and curves as Go does. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCiphers, type SecureVersion, type TlsOptions } from 'node:tls';

export interface TlsFlags {
  /** `VersionTLS12`; undefined: TLS 1.2. */
  readonly tlsMinVersion?: string;
  /** Of TLS 1.2 and below, in order of preference; empty: the usual ones. */
  readonly tlsCipherSuites: readonly string[];
  /** Numbers of the curves; empty: the usual ones. */
  readonly tlsCurvePreferences: readonly string[];
}

/** A further certificate for some names. */
export interface NamedCertificate {
  /** Host names; `*.example.com` stands for one label. */
  readonly names: readonly string[];
  readonly context: ReturnType<typeof createSecureContext>;
}

/** Where a certificate comes from. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** As they were read. */
  readonly cert: string;
}

const versions: Readonly<Record<string, SecureVersion>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};

const curves: Readonly<Record<string, string>> = {
  23: 'P-256',
  24: 'P-384',
  25: 'P-521',
  29: 'X25519',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
};

/** What the server's listener is made with. Throws an Error with one line for people. */
export function tlsSettings(flags: TlsFlags): TlsOptions {
  const { tlsMinVersion = 'VersionTLS12', tlsCipherSuites, tlsCurvePreferences } = flags;
  const minVersion = versions[tlsMinVersion];
  if (minVersion === undefined) {
    throw new Error(
      `--tls-min-version=${tlsMinVersion}: one of ${Object.keys(versions).join(', ')}`,
    );
  }
  const ciphers = cipherList(tlsCipherSuites);
  return {
    minVersion,
    ...(ciphers === undefined ? {} : { ciphers, honorCipherOrder: true }),
    ...(tlsCurvePreferences.length === 0 ? {} : { ecdhCurve: curveList(tlsCurvePreferences) }),
  };
}

function curveList(numbers: readonly string[]): string {
  return numbers
    .map((number) => {
      const curve = curves[number];
      if (curve !== undefined) return curve;
      throw new Error(
        `--tls-curve-preferences=${number}: one of ${Object.keys(curves).join(', ')}`,
      );
    })
    .join(':');
}

/** Those of TLS 1.3 are not chosen among: they are always on, as in Go. */
const always = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

function cipherList(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const known = new Set(getCiphers());
  const chosen = names
    .filter((name) => !always.includes(name))
    .map((name) => {
      const cipher = openSslName(name);
      if (!known.has(cipher.toLowerCase())) {
        throw new Error(`--tls-cipher-suites: Cipher suite ${name} not supported or doesn't exist`);
      }
      return cipher;
    });
  return [...always, ...chosen].join(':');
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`. */
function openSslName(name: string): string {
  const [exchange = '', cipher = ''] = name.replace(/^TLS_/, '').split('_WITH_');
  const plain = cipher
    .replace(/^AES_(\d+)_CBC_/, 'AES$1-')
    .replace(/^AES_(\d+)_/, 'AES$1-')
    .replace(/^(CHACHA20_POLY1305)_SHA256$/, '$1')
    .replace(/^CHACHA20_POLY1305$/, 'CHACHA20-POLY1305')
    .replaceAll('_', '-');
  return exchange === 'RSA' ? plain : `${exchange.replaceAll('_', '-')}-${plain}`;
}

/** `cert,key` or `cert,key:name,*.name`; names are those of the certificate unless given. */
export function namedCertificate(
  flag: string,
  settings: TlsOptions,
): NamedCertificate & CertificateFiles {
  const [files = '', names = ''] = splitNames(flag);
  const [certFile = '', keyFile = '', ...more] = files.split(',');
  if (certFile === '' || keyFile === '' || more.length > 0) {
    throw new Error(`--tls-sni-cert-key=${flag}: expected file,file or file,file:name,name`);
  }
  const [cert, key] = [certFile, keyFile].map((file) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (e) {
      throw new Error(`--tls-sni-cert-key: ${e instanceof Error ? e.message : e}`, { cause: e });
    }
  });
  const given = names.split(',').filter((name) => name !== '');
  return {
    names: given.length > 0 ? given : certificateNames(cert!),
    context: createSecureContext({ ...settings, cert: cert!, key: key! }),
    certFile,
    keyFile,
    cert: cert!,
  };
}

function splitNames(flag: string): [string, string] {
  const at = flag.lastIndexOf(':');
  return at < 0 ? [flag, ''] : [flag.slice(0, at), flag.slice(at + 1)];
}

function certificateNames(pem: string): string[] {
  const { subject, subjectAltName } = new X509Certificate(pem);
  const common = /^CN=(.+)$/m.exec(subject)?.[1];
  const others = (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  return [...new Set([...(common === undefined ? [] : [common]), ...others])];
}

/** The certificate for a name: that of the name itself before one with a star. */
export function certificateFor(
  name: string,
  certificates: readonly NamedCertificate[],
): NamedCertificate | undefined {
  const asked = name.toLowerCase();
  const starred = `*${asked.slice(Math.max(0, asked.indexOf('.')))}`;
  return (
    certificates.find((c) => c.names.some((n) => n.toLowerCase() === asked)) ??
    certificates.find((c) => c.names.some((n) => n.toLowerCase() === starred))
  );
}
