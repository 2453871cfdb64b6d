/** `--oidc-*`: one issuer, as the configuration file would have it. */
import { readFileSync } from 'node:fs';
import type { AuthOptions } from '../auth-options.ts';
import type { AuthenticationConfiguration } from './authentication-configuration.ts';

/** What issuers may sign with. */
export const signingAlgorithms: readonly string[] = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];

/** Whether any of the flags is there. */
export function hasOidcFlags(o: AuthOptions): boolean {
  return [
    o.oidcIssuerUrl,
    o.oidcClientId,
    o.oidcCaFile,
    o.oidcUsernameClaim,
    o.oidcUsernamePrefix,
    o.oidcGroupsClaim,
    o.oidcGroupsPrefix,
    o.oidcSigningAlgs,
    o.oidcRequiredClaim,
  ].some((value) => value !== undefined);
}

/** Throws an Error that names the flag. */
export function configurationOfFlags(o: AuthOptions): AuthenticationConfiguration {
  if (!hasOidcFlags(o)) return {};
  const { oidcIssuerUrl: url = '', oidcClientId: audience = '' } = o;
  if (url === '' || audience === '') {
    throw new Error(
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    );
  }
  for (const algorithm of o.oidcSigningAlgs ?? []) {
    if (!signingAlgorithms.includes(algorithm)) {
      throw new Error(`oidc: unsupported signing alg: ${JSON.stringify(algorithm)}`);
    }
  }
  const claim = o.oidcUsernameClaim ?? 'sub';
  // Names other than addresses say whose they are.
  const given = o.oidcUsernamePrefix ?? '';
  const prefix = given === '-' ? '' : given === '' && claim !== 'email' ? `${url}#` : given;
  const groups = o.oidcGroupsClaim ?? '';
  return {
    jwt: [
      {
        issuer: {
          url,
          audiences: [audience],
          ...(o.oidcCaFile === undefined ? {} : { certificateAuthority: read(o.oidcCaFile) }),
        },
        claimMappings: {
          username: { claim, prefix },
          ...(groups === '' ? {} : { groups: { claim: groups, prefix: o.oidcGroupsPrefix ?? '' } }),
        },
        claimValidationRules: (o.oidcRequiredClaim ?? []).map(requiredClaim),
      },
    ],
  };
}

function requiredClaim(text: string): { claim: string; requiredValue: string } {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Error(`--oidc-required-claim ${text}: must be claim=value`);
  return { claim: text.slice(0, equals), requiredValue: text.slice(equals + 1) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (e) {
    throw new Error(`--oidc-ca-file: cannot read: ${(e as Error).message}`);
  }
}
