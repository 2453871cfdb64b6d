/** Client certificates: the common name is the user, the organizations are its groups. */
import { X509Certificate } from 'node:crypto';
import type { UserInfo } from '../registry/resource.ts';
import type { Authentication, Authenticator } from './authenticator.ts';

const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';
/** Decisions kept: a certificate is shown with every connection. */
const cacheLimit = 1000;

interface Known {
  readonly answer: Authentication;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** `authorities`: PEM, one or more certificates whose signatures are trusted. */
export function clientCertificates(authorities: string, now = Date.now): Authenticator {
  const trusted = splitPem(authorities).map((pem) => new X509Certificate(pem));
  const known = new Map<string, Known>();
  return {
    name: 'x509',
    authenticate(input) {
      const certificate = input.peerCertificate();
      if (certificate === undefined) return undefined;
      const key = certificate.fingerprint256;
      let entry = known.get(key);
      if (entry === undefined) {
        entry = {
          answer: judge(certificate, trusted),
          validFromMs: Date.parse(certificate.validFrom),
          validToMs: Date.parse(certificate.validTo),
        };
        if (known.size >= cacheLimit) known.clear();
        known.set(key, entry);
      }
      const at = now();
      if (at < entry.validFromMs || at > entry.validToMs) {
        return { invalid: 'x509: certificate has expired or is not yet valid' };
      }
      return entry.answer;
    },
  };
}

function judge(certificate: X509Certificate, trusted: readonly X509Certificate[]): Authentication {
  const signer = trusted.find(
    (ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey),
  );
  if (signer === undefined) {
    return { invalid: 'x509: certificate signed by unknown authority' };
  }
  const usages = certificate.keyUsage;
  if (usages !== undefined && !usages.includes(clientAuth) && !usages.includes(anyUsage)) {
    return { invalid: 'x509: certificate specifies an incompatible key usage' };
  }
  const user = userOf(certificate);
  return user === undefined ? undefined : { user };
}

/** The certificate's user; undefined when it names none. */
export function userOf(certificate: X509Certificate): UserInfo | undefined {
  let name = '';
  const groups: string[] = [];
  for (const line of certificate.subject.split('\n')) {
    const eq = line.indexOf('=');
    const value = line.slice(eq + 1).replace(/\\(.)/g, '$1');
    if (line.startsWith('CN=')) name = value;
    if (line.startsWith('O=')) groups.push(value);
  }
  if (name === '') return undefined;
  return {
    name,
    groups,
    extra: {
      'authentication.kubernetes.io/credential-id': [
        `X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
      ],
    },
  };
}

function splitPem(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
