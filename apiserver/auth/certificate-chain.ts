/** Whether a client certificate leads to an authority that is trusted. Rules: RFC 5280, 6.1. */
import { X509Certificate } from 'node:crypto';
import { pathLength } from '../pki/certificate-fields.ts';
import { pemCertificates } from '../pki/pem.ts';

const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';
/** Certificates between a client's own and the authority. */
const maxIntermediates = 8;
/** Chains kept: a certificate is shown with every connection. */
const cacheLimit = 1000;

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

const expired = 'x509: certificate has expired or is not yet valid';
const unknown = 'x509: certificate signed by unknown authority';

/** Checks certificates against one set of authorities. */
export class ChainVerifier {
  readonly #trusted: readonly X509Certificate[];
  /** When the chains that were found are valid, by the fingerprint of the certificate. */
  readonly #found = new Map<string, Window>();

  /** PEM, one or more certificates. */
  constructor(authorities: string) {
    this.#trusted = pemCertificates(authorities).map((pem) => new X509Certificate(pem));
  }

  /** How many authorities there are. */
  get size(): number {
    return this.#trusted.length;
  }

  /** What is wrong with the certificate as proof of who a client is; undefined when nothing is. */
  problem(certificate: X509Certificate, nowMs: number): string | undefined {
    const key = certificate.fingerprint256;
    let window = this.#found.get(key);
    if (window === undefined) {
      if (!isForClients(certificate)) {
        return 'x509: certificate specifies an incompatible key usage';
      }
      window = this.#chain(certificate, 0, new Set());
      // The next connection may bring along what was missing: only what was found is kept.
      if (window === undefined) return unknown;
      if (this.#found.size >= cacheLimit) this.#found.clear();
      this.#found.set(key, window);
    }
    return nowMs < window.fromMs || nowMs > window.toMs ? expired : undefined;
  }

  /** When the certificate and all above it are valid; undefined when nothing trusted is above. */
  #chain(certificate: X509Certificate, below: number, seen: Set<string>): Window | undefined {
    const own = windowOf(certificate);
    if (this.#trusted.some((ca) => ca.fingerprint256 === certificate.fingerprint256)) return own;
    if (seen.has(certificate.fingerprint256) || below > maxIntermediates) return undefined;
    seen.add(certificate.fingerprint256);
    for (const ca of this.#trusted) {
      if (isIssuer(ca, certificate, below)) return common(own, windowOf(ca));
    }
    const next = certificate.issuerCertificate;
    if (next === undefined || !isForClients(next) || !isIssuer(next, certificate, below)) {
      return undefined;
    }
    const above = this.#chain(next, below + 1, seen);
    return above && common(own, above);
  }
}

/** `below`: how many authorities stand between the issuer and the client. */
function isIssuer(ca: X509Certificate, certificate: X509Certificate, below: number): boolean {
  if (!ca.ca || (pathLength(ca) ?? below) < below) return false;
  // Hashes for which others can make certificates that look the same.
  if (/md5|sha-?1(?![0-9])/i.test(certificate.signatureAlgorithm ?? '')) return false;
  return certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}

function isForClients(certificate: X509Certificate): boolean {
  const usages = certificate.keyUsage;
  return usages === undefined || usages.includes(clientAuth) || usages.includes(anyUsage);
}

function windowOf({ validFrom, validTo }: X509Certificate): Window {
  return { fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) };
}

function common(a: Window, b: Window): Window {
  return { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) };
}
