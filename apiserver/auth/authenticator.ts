/** Who sent a request. One file per way of proving it; the server asks them in order. */
import type { X509Certificate } from 'node:crypto';
import type { UserInfo } from '../registry/resource.ts';

/** What an authenticator may look at. */
export interface AuthenticationInput {
  /** Lower-case header names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /**
   * The client certificate when the connection presented one; whether its chain is valid is the
   * authenticator's to decide. Called only when needed: it costs a parse.
   */
  peerCertificate(): X509Certificate | undefined;
  readonly remoteAddress: string | undefined;
}

/** What is to be said of a credential beside whose it is. */
export interface CredentialNotes {
  /** For the audit log. */
  readonly annotations: Readonly<Record<string, string>>;
  /** For who uses it. */
  readonly warnings?: readonly string[];
}

/** A user with the audiences that the credential was checked for, or why none was found. */
export type Authentication =
  | {
      readonly user: UserInfo;
      readonly audiences?: readonly string[];
      readonly notes?: CredentialNotes;
    }
  /**
   * The credential is of this kind and not valid: the request is answered 401. `unsure`: nobody
   * could be asked; the next request may find out.
   */
  | { readonly invalid: string; readonly unsure?: true }
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

const subprotocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/** What a client reads whose token is not where it must be. */
export const misplacedTokenWarning =
  'the provided Authorization header contains extra space before the bearer token, and is ignored';

/** Whether a header has more than one space in front of the token, which then is none. */
export function hasMisplacedToken(authorization: string | undefined): boolean {
  return authorization !== undefined && /^bearer {2,}[^ ]/i.test(authorization.trim());
}

/**
 * The token of an `Authorization: Bearer` header, or of a WebSocket's subprotocols: browsers can
 * send no headers there. Undefined when there is none, '' when it is malformed.
 */
export function bearerToken(headers: AuthenticationInput['headers']): string | undefined {
  const value = headers['authorization'];
  if (typeof value === 'string') {
    const [scheme, token] = value.trim().split(' ');
    return scheme?.toLowerCase() === 'bearer' && token ? token : undefined;
  }
  if (String(headers['upgrade']).toLowerCase() !== 'websocket') return undefined;
  const offers = [headers['sec-websocket-protocol'] ?? []]
    .flat()
    .flatMap((header) => header.split(','))
    .map((offer) => offer.trim());
  const tokens = offers.filter((offer) => offer.startsWith(subprotocolPrefix));
  if (tokens.length === 0) return undefined;
  const encoded = tokens[0]!.slice(subprotocolPrefix.length);
  // Another subprotocol must be there to be answered with.
  const wellFormed = tokens.length === 1 && offers.length > 1 && /^[A-Za-z0-9_-]+$/.test(encoded);
  if (!wellFormed) return '';
  return Buffer.from(encoded, 'base64url').toString('utf8');
}
