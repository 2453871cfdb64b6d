/**
 * What tells extension API servers how clients prove themselves here: the config map
 * `kube-system/extension-apiserver-authentication`.
 */
import { X509Certificate } from 'node:crypto';
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { ConfigMap } from '../../machinery/schema/wire.ts';
import { pemCertificates } from '../pki/pem.ts';
import type { TrustedAuthorities } from '../pki/trusted-authorities.ts';

/** Headers in which a front proxy names the user, and whom to believe them of. */
export interface RequestHeaderConfig {
  readonly clientCa: TrustedAuthorities;
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** The config map of one server. */
export function authenticationConfig(
  clientCa: TrustedAuthorities,
  requestHeader: RequestHeaderConfig | undefined,
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'client-ca-file': clientCa.pem,
      ...(requestHeader === undefined ? {} : requestHeaderData(requestHeader)),
    },
  };
}

function requestHeaderData(c: RequestHeaderConfig): Record<string, string> {
  return {
    'requestheader-client-ca-file': c.clientCa.pem,
    'requestheader-allowed-names': JSON.stringify(c.allowedNames),
    'requestheader-username-headers': JSON.stringify(c.usernameHeaders),
    'requestheader-uid-headers': JSON.stringify(c.uidHeaders),
    'requestheader-group-headers': JSON.stringify(c.groupHeaders),
    'requestheader-extra-headers-prefix': JSON.stringify(c.extraHeaderPrefixes),
  };
}

/** Authorities of several servers stand together, expired ones go; undefined: nothing changes. */
export function reviseAuthenticationConfig(
  expected: ConfigMap,
  existing: ConfigMap,
  nowMs: number,
): ConfigMap | undefined {
  const data: Record<string, string> = { ...existing.data };
  for (const [key, value] of Object.entries(expected.data ?? {})) {
    const present = existing.data?.[key] ?? '';
    if (key.endsWith('ca-file')) data[key] = joinAuthorities(present, value, nowMs);
    else data[key] = joinLists(present, value);
  }
  const next = { ...existing, data };
  return deepEqual(next, existing) ? undefined : next;
}

function joinAuthorities(existing: string, own: string, nowMs: number): string {
  const valid = (pem: string) => {
    try {
      return Date.parse(new X509Certificate(pem).validTo) > nowMs;
    } catch {
      return false;
    }
  };
  const all = [...pemCertificates(existing), ...pemCertificates(own)];
  return [...new Set(all)]
    .filter(valid)
    .map((pem) => `${pem}\n`)
    .join('');
}

function joinLists(existing: string, own: string): string {
  try {
    const present = existing === '' ? [] : (JSON.parse(existing) as string[]);
    return JSON.stringify([...new Set([...present, ...(JSON.parse(own) as string[])])]);
  } catch {
    return own;
  }
}
