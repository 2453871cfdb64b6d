/** Signs certificates with the cluster's authority. Rules: PermissiveSigningPolicy upstream. */
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { alternativeNames, x509Library } from './request.ts';

const backdateMs = 5 * 60_000;
/** Below this the end is not backdated: five minutes would be much of it. */
const shortMs = 8 * 3_600_000;
const shortestMs = 10 * 60_000;

/** Bits of the keyUsage extension. */
const keyUsages: Readonly<Record<string, number>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};

/** OIDs of extended usages, in the order in which they are put down. */
const extendedUsages = new Map([
  ['any', '2.5.29.37.0'],
  ['server auth', '1.3.6.1.5.5.7.3.1'],
  ['client auth', '1.3.6.1.5.5.7.3.2'],
  ['code signing', '1.3.6.1.5.5.7.3.3'],
  ['email protection', '1.3.6.1.5.5.7.3.4'],
  ['s/mime', '1.3.6.1.5.5.7.3.4'],
  ['ipsec end system', '1.3.6.1.5.5.7.3.5'],
  ['ipsec tunnel', '1.3.6.1.5.5.7.3.6'],
  ['ipsec user', '1.3.6.1.5.5.7.3.7'],
  ['timestamping', '1.3.6.1.5.5.7.3.8'],
  ['ocsp signing', '1.3.6.1.5.5.7.3.9'],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
]);

interface SigningAlgorithm {
  readonly name: string;
  readonly hash?: string;
  readonly namedCurve?: string;
}

export interface SigningTerms {
  readonly usages: readonly string[];
  /** `spec.expirationSeconds`. */
  readonly expirationSeconds: number | undefined;
  /** The longest that is given. */
  readonly maxMs: number;
}

/** How long a certificate is to hold: as asked, but ten minutes at least and `maxMs` at most. */
export function lifetimeMs({ expirationSeconds, maxMs }: SigningTerms): number {
  if (expirationSeconds === undefined) return maxMs;
  const asked = expirationSeconds * 1000;
  return asked > maxMs ? maxMs : Math.max(asked, shortestMs);
}

export class CertificateAuthority {
  private readonly certificate: string;
  private readonly key: KeyObject;

  /** PEM texts. Throws when the key cannot be read. */
  constructor(certificate: string, key: string) {
    this.certificate = certificate;
    this.key = createPrivateKey(key);
  }

  /** The certificate for a request, as PEM. Throws when the request's own signature is wrong. */
  async sign(
    request: Pkcs10CertificateRequest,
    terms: SigningTerms,
    nowMs: number,
  ): Promise<string> {
    if (!(await request.verify())) {
      throw new Error('unable to verify certificate request signature');
    }
    const x509 = await x509Library();
    const issuer = new x509.X509Certificate(this.certificate);
    const { bits, oids } = usagesOf(terms.usages);
    const names = await alternativeNames(request);
    const { algorithm, signingKey } = await this.signingKey();
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: request.subjectName,
      issuer: issuer.subjectName,
      ...validity(terms, issuer.notAfter.getTime(), nowMs),
      signingAlgorithm: algorithm,
      publicKey: request.publicKey,
      signingKey,
      extensions: [
        ...(bits === 0 ? [] : [new x509.KeyUsagesExtension(bits, true)]),
        ...(oids.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(oids)]),
        new x509.BasicConstraintsExtension(false, undefined, true),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
        ...(names === undefined ? [] : [names]),
      ],
    });
    return `${made.toString('pem')}\n`;
  }

  private async signingKey(): Promise<{ algorithm: SigningAlgorithm; signingKey: CryptoKey }> {
    const algorithm = algorithmOf(this.key);
    const der = this.key.export({ type: 'pkcs8', format: 'der' });
    const key = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    return { algorithm, signingKey: key as CryptoKey };
  }
}

function algorithmOf(key: KeyObject): SigningAlgorithm {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    case 'ed25519':
      return { name: 'Ed25519' };
    case 'ec':
      if (namedCurve === 'secp384r1') {
        return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
      }
      if (namedCurve === 'secp521r1') {
        return { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' };
      }
      return { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    default:
      throw new Error(`a signing key of type ${key.asymmetricKeyType} is not supported`);
  }
}

function validity(
  terms: SigningTerms,
  issuerEndMs: number,
  nowMs: number,
): { notBefore: Date; notAfter: Date } {
  const lifetime = lifetimeMs(terms);
  const startMs = nowMs - backdateMs;
  const endMs = nowMs + (lifetime < shortMs ? lifetime : lifetime - backdateMs);
  const issuerEnd = new Date(issuerEndMs).toISOString();
  if (startMs >= issuerEndMs) throw new Error(`the signer has expired: NotAfter=${issuerEnd}`);
  if (nowMs >= issuerEndMs) {
    throw new Error(
      `refusing to sign a certificate that expired in the past: NotAfter=${issuerEnd}`,
    );
  }
  return { notBefore: new Date(startMs), notAfter: new Date(Math.min(endMs, issuerEndMs)) };
}

function usagesOf(usages: readonly string[]): { bits: number; oids: string[] } {
  const unknown = usages.filter((u) => keyUsages[u] === undefined && !extendedUsages.has(u));
  if (unknown.length > 0) {
    throw new Error(`unrecognized usage values: [${unknown.map((u) => `"${u}"`).join(' ')}]`);
  }
  const bits = usages.reduce((sum, u) => sum | (keyUsages[u] ?? 0), 0);
  const oids = [...extendedUsages].filter(([u]) => usages.includes(u)).map(([, oid]) => oid);
  return { bits, oids: [...new Set(oids)] };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  // Positive and not zero, as RFC 5280 wants serial numbers.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}
