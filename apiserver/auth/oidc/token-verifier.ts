/** Checks JWTs of one issuer: signature, issuer, audience, times. Gives their claims. */
import type { CompactVerifyGetKey } from 'jose';
import { ClaimError, type Claims } from './claims.ts';

export interface VerifierOptions {
  readonly issuer: string;
  readonly keys: CompactVerifyGetKey;
  /** A token must be for one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  now(): number;
}

/** Clocks differ: for tokens that begin to hold, not for those that have ended. */
const leewayMs = 60_000;

/** Throws ClaimError. */
export async function verifyToken(token: string, o: VerifierOptions): Promise<Claims> {
  let claims: Claims;
  try {
    const payload = await verifySignature(token, o);
    claims = JSON.parse(new TextDecoder().decode(payload)) as Claims;
  } catch (e) {
    throw new ClaimError(`failed to verify signature: ${(e as Error).message}`, { cause: e });
  }
  const quoted = JSON.stringify(o.issuer);
  if (canonicalIssuer(claims['iss']) !== o.issuer) {
    throw new ClaimError(
      `oidc: id token issued by a different provider, expected ${quoted} got ${JSON.stringify(claims['iss'])}`,
    );
  }
  const { aud } = claims;
  const named = (Array.isArray(aud) ? aud : [aud]).filter((a) => typeof a === 'string');
  if (!named.some((a) => o.audiences.includes(a))) {
    const list = (names: readonly string[]) => `[${names.map((n) => JSON.stringify(n)).join(' ')}]`;
    throw new ClaimError(
      `oidc: expected audience in ${list([...o.audiences].sort())} got ${list(named)}`,
    );
  }
  const { exp, nbf } = claims;
  if (typeof exp !== 'number' || exp * 1000 < o.now()) {
    const text = typeof exp === 'number' ? new Date(exp * 1000).toISOString() : 'never';
    throw new ClaimError(`oidc: token is expired (Token Expiry: ${text})`);
  }
  if (typeof nbf === 'number' && o.now() + leewayMs < nbf * 1000) {
    throw new ClaimError('oidc: current time before the nbf (not before) time');
  }
  return claims;
}

/** Tries every key that may be the one: tokens need not name theirs. */
async function verifySignature(token: string, o: VerifierOptions): Promise<Uint8Array> {
  // Loaded when it is first needed: most servers have no issuers.
  const { compactVerify, errors } = await import('jose');
  const options = { algorithms: [...o.algorithms] };
  try {
    return (await compactVerify(token, o.keys, options)).payload;
  } catch (e) {
    if (!(e instanceof errors.JWKSMultipleMatchingKeys)) throw e;
    let problem: unknown = e;
    for await (const key of e) {
      try {
        return (await compactVerify(token, key, options)).payload;
      } catch (failed) {
        problem = failed;
      }
    }
    throw problem;
  }
}

/** Google's tokens may name their issuer without a scheme. */
export function canonicalIssuer(issuer: unknown): string {
  if (issuer === 'accounts.google.com') return 'https://accounts.google.com';
  return typeof issuer === 'string' ? issuer : '';
}
