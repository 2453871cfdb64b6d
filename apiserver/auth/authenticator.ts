/** Who sent a request. One file per way of proving it; the server asks them in order. */
import type { X509Certificate } from 'node:crypto';
import type { UserInfo } from '../registry/resource.ts';

/** What an authenticator may look at. */
export interface AuthenticationInput {
  /** Lower-case header names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * The client certificate when the connection presented one; whether its chain is valid is the
   * authenticator's to decide. Called only when needed: it costs a parse.
   */
  peerCertificate(): X509Certificate | undefined;
  readonly remoteAddress: string | undefined;
}

/** A user with the audiences that the credential was checked for, or why none was found. */
export type Authentication =
  | { readonly user: UserInfo; readonly audiences?: readonly string[] }
  /** The credential is of this kind and not valid: the request is answered 401. */
  | { readonly invalid: string }
  /** No credential of this kind: the next authenticator is asked. */
  | undefined;

export interface Authenticator {
  readonly name: string;
  authenticate(input: AuthenticationInput): Promise<Authentication> | Authentication;
}

/** Checks a bearer token by itself; TokenReview uses these too. */
export interface TokenAuthenticator {
  readonly name: string;
  /** `audiences`: what the token must be good for; empty means the API server's own. */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<Authentication> | Authentication;
}

/** The token of an `Authorization: Bearer` header; undefined when there is none. */
export function bearerToken(headers: AuthenticationInput['headers']): string | undefined {
  const value = headers['authorization'];
  if (typeof value !== 'string') return undefined;
  const [scheme, token] = value.trim().split(/ +/);
  return scheme?.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}
