/** Claims of a checked token as parts of a user, where they stand in a claim as they are. */

export type Claims = Readonly<Record<string, unknown>>;

/** A token that proves nothing here, with why. */
export class ClaimError extends Error {}

/** Throws ClaimError. An address has to be verified, as far as the token says. */
export function usernameClaim(claims: Claims, claim: string): string {
  const name = textClaim(claims, claim, 'username claims');
  if (claim !== 'email' || !Object.hasOwn(claims, 'email_verified')) return name;
  const verified = claims['email_verified'];
  if (typeof verified !== 'boolean') {
    throw new ClaimError("oidc: parse 'email_verified' claim: not a boolean");
  }
  if (!verified) throw new ClaimError('oidc: email not verified');
  return name;
}

/** One group may stand without a list. Throws ClaimError. */
export function groupsClaim(claims: Claims, claim: string): readonly string[] {
  if (claim === '' || !Object.hasOwn(claims, claim)) return [];
  const value = claims[claim];
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((v) => typeof v === 'string')) return value;
  throw new ClaimError(`oidc: parse groups claim ${JSON.stringify(claim)}: not a list of strings`);
}

/** Throws ClaimError when the claim is another, or is missing. */
export function requireClaim(claims: Claims, claim: string, value: string): void {
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

/** The text in a claim. Throws ClaimError, which names `what` it is for. */
export function textClaim(claims: Claims, claim: string, what: string): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof value === 'string') return value;
  const why = value === undefined ? 'claim not present' : 'not a string';
  throw new ClaimError(`oidc: parse ${what} ${JSON.stringify(claim)}: ${why}`);
}
