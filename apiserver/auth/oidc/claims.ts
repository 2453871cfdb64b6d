/** Claims of a checked token as parts of a user, by the mappings of its issuer. */
import type { UserInfo } from '../../registry/resource.ts';
import type { JwtConfiguration } from './authentication-configuration.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A token that proves nothing here, with why. */
export class ClaimError extends Error {}

/** Throws ClaimError: a claim is missing, of another type, or not what is required. */
export function userOfClaims(claims: Claims, configuration: JwtConfiguration): UserInfo {
  const { username, groups, uid } = configuration.claimMappings ?? {};
  const name = `${username?.prefix ?? ''}${nameOf(claims, username?.claim ?? '')}`;
  const prefix = groups?.prefix ?? '';
  const names = groupsOf(claims, groups?.claim ?? '').map((g) => `${prefix}${g}`);
  const uidClaim = uid?.claim ?? '';
  const id = uidClaim === '' ? '' : textOf(claims, uidClaim, 'uid claim');
  for (const { claim = '', requiredValue = '' } of configuration.claimValidationRules ?? []) {
    require(claims, claim, requiredValue);
  }
  const { jti } = claims;
  return {
    name,
    ...(id === '' ? {} : { uid: id }),
    groups: names,
    ...(typeof jti === 'string' && jti !== ''
      ? { extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] } }
      : {}),
  };
}

function nameOf(claims: Claims, claim: string): string {
  const name = textOf(claims, claim, 'username claims');
  if (claim !== 'email' || !Object.hasOwn(claims, 'email_verified')) return name;
  const verified = claims['email_verified'];
  if (typeof verified !== 'boolean') {
    throw new ClaimError("oidc: parse 'email_verified' claim: not a boolean");
  }
  if (!verified) throw new ClaimError('oidc: email not verified');
  return name;
}

/** One group may stand without a list. */
function groupsOf(claims: Claims, claim: string): readonly string[] {
  if (claim === '' || !Object.hasOwn(claims, claim)) return [];
  const value = claims[claim];
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((v) => typeof v === 'string')) return value;
  throw new ClaimError(`oidc: parse groups claim ${JSON.stringify(claim)}: not a list of strings`);
}

function require(claims: Claims, claim: string, value: string): void {
  if (!Object.hasOwn(claims, claim)) {
    throw new ClaimError(`oidc: required claim ${claim} not present in ID token`);
  }
  const found = claims[claim];
  if (typeof found !== 'string') throw new ClaimError(`oidc: parse claim ${claim}: not a string`);
  if (found === value) return;
  throw new ClaimError(
    `oidc: required claim ${claim} value does not match. Got = ${found}, want = ${value}`,
  );
}

function textOf(claims: Claims, claim: string, what: string): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof value === 'string') return value;
  const why = value === undefined ? 'claim not present' : 'not a string';
  throw new ClaimError(`oidc: parse ${what} ${JSON.stringify(claim)}: ${why}`);
}
