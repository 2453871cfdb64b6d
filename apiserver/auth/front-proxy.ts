/**
 * A front proxy that has found out who its clients are, and says so in headers. Believed only of
 * who shows a certificate of the proxies' own authority.
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHeaderConfig } from '../bootstrap/authentication-config.ts';
import { subjectAttributes } from '../pki/certificate-fields.ts';
import { commonNameOid } from '../pki/der.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { AuthenticationInput, Authenticator } from './authenticator.ts';
import { headerValues, unescapedKey } from './named-headers.ts';

/** Reads the user from the configured headers; header names in any case. */
export function frontProxy(config: RequestHeaderConfig, now = Date.now): Authenticator {
  const lower = (names: readonly string[]) => names.map((n) => n.trim().toLowerCase());
  const names = lower(config.usernameHeaders);
  const uids = lower(config.uidHeaders);
  const groups = lower(config.groupHeaders);
  const prefixes = lower(config.extraHeaderPrefixes);
  return {
    name: 'front-proxy',
    authenticate(input) {
      const certificate = input.peerCertificate();
      if (certificate === undefined) return undefined;
      const problem =
        config.clientCa.verifier.problem(certificate, now()) ??
        nameProblem(certificate, config.allowedNames);
      if (problem !== undefined) return { invalid: problem };
      const name = firstOf(input, names);
      if (name === '') return undefined;
      const uid = firstOf(input, uids);
      const extra = extraOf(input, prefixes);
      const user: UserInfo = {
        name,
        ...(uid === '' ? {} : { uid }),
        groups: groups.flatMap((header) => headerValues(input, header).filter((g) => g !== '')),
        ...(Object.keys(extra).length === 0 ? {} : { extra }),
      };
      return { user };
    },
  };
}

/**
 * Takes the configured headers off a request: what stands behind this server must not take them for
 * its word. Those of the usual names never go on.
 */
export function withholdHeaders(
  config: RequestHeaderConfig,
): (request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) => void {
  const lower = (names: readonly string[]) => names.map((n) => n.trim().toLowerCase());
  const { usernameHeaders, uidHeaders, groupHeaders } = config;
  const names = new Set(lower([...usernameHeaders, ...uidHeaders, ...groupHeaders]));
  const prefixes = lower(config.extraHeaderPrefixes);
  const ours = (name: string) => names.has(name) || prefixes.some((p) => name.startsWith(p));
  return ({ headers, rawHeaders }) => {
    for (const name of Object.keys(headers)) if (ours(name)) delete headers[name];
    for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
      if (ours(rawHeaders[i]!.toLowerCase())) rawHeaders.splice(i, 2);
    }
  };
}

function nameProblem(certificate: X509Certificate, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined;
  const names = subjectAttributes(certificate).filter((a) => a.oid === commonNameOid);
  const name = names.at(-1)?.text ?? '';
  if (allowed.includes(name)) return undefined;
  return `x509: subject with cn=${name} is not in the allowed list`;
}

function firstOf(input: AuthenticationInput, headers: readonly string[]): string {
  for (const header of headers) {
    const value = headerValues(input, header)[0] ?? '';
    if (value !== '') return value;
  }
  return '';
}

function extraOf(
  input: AuthenticationInput,
  prefixes: readonly string[],
): Record<string, string[]> {
  const extra = new Map<string, string[]>();
  for (const prefix of prefixes) {
    for (const header of Object.keys(input.headers)) {
      if (!header.startsWith(prefix)) continue;
      const key = unescapedKey(header.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), ...headerValues(input, header)]);
    }
  }
  return Object.fromEntries(extra);
}
