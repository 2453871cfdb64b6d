/** Why a server's certificate is not trusted: the checks of Go's x509 package, in their order. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const maxNames = 100;

/**
 * The first problem of a certificate; undefined: there is none. `chained`: somebody who is trusted
 * has signed it. Names are those of the extension alone, never the common name.
 */
export function certificateProblem(
  certificate: X509Certificate,
  host: string,
  chained: boolean,
  nowMs: number,
): string | undefined {
  return (
    timeProblem(certificate, nowMs) ??
    nameProblem(certificate, host) ??
    (chained ? undefined : 'x509: certificate signed by unknown authority')
  );
}

function timeProblem(c: X509Certificate, nowMs: number): string | undefined {
  const told = 'x509: certificate has expired or is not yet valid: current time';
  const seconds = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;
  const now = seconds(new Date(nowMs));
  if (nowMs < c.validFromDate.getTime())
    return `${told} ${now} is before ${seconds(c.validFromDate)}`;
  if (nowMs > c.validToDate.getTime()) return `${told} ${now} is after ${seconds(c.validToDate)}`;
  return undefined;
}

function nameProblem(c: X509Certificate, host: string): string | undefined {
  const address = isIP(host) !== 0;
  const san = c.subjectAltName;
  if (san === undefined) {
    if (commonNameOf(c)?.toLowerCase() === host.toLowerCase()) {
      return 'x509: certificate relies on legacy Common Name field, use SANs instead';
    }
  } else if (address ? c.checkIP(host) : c.checkHost(host, { subject: 'never' })) return undefined;
  const names = namesOf(san ?? '', address ? 'IP Address:' : 'DNS:');
  if (address && names.length === 0) {
    return `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  }
  if (names.length >= maxNames) {
    const what = address ? 'IP SANs' : 'names';
    return `x509: certificate is valid for ${names.length} ${what}, but none matched ${host}`;
  }
  if (names.length === 0) {
    return `x509: certificate is not valid for any names, but wanted to match ${host}`;
  }
  return `x509: certificate is valid for ${names.join(', ')}, not ${host}`;
}

function commonNameOf({ subject }: X509Certificate): string | undefined {
  return /^CN=(.*)$/m.exec(subject ?? '')?.[1];
}

/** Entries of the extension as Node writes it: `DNS:a, IP Address:10.0.0.1`. */
function namesOf(san: string, type: string): string[] {
  return san
    .split(', ')
    .filter((entry) => entry.startsWith(type))
    .map((entry) => entry.slice(type.length));
}
