/**
 * Tokens of service accounts: bound ones (TokenRequest), alive as long as the account and the
 * object they are bound to, and legacy ones from secrets.
 */
import type { KubeObject, Secret, ServiceAccount } from '../../machinery/schema/wire.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';
import type { Claims, TokenKeys } from './token-keys.ts';

const usernamePrefix = 'system:serviceaccount:';
const legacyIssuer = 'kubernetes/serviceaccount';

interface Bound {
  readonly name: string;
  readonly uid?: string;
}

interface PrivateClaims {
  readonly namespace: string;
  readonly serviceaccount: Bound;
  readonly pod?: Bound;
  readonly secret?: Bound;
  readonly node?: Bound;
}

export interface ServiceAccountTokenOptions {
  readonly keys: TokenKeys;
  readonly issuer: string;
  /** What a token must be for when the caller does not say. */
  readonly audiences: readonly string[];
  readonly access: ResourceAccess;
  /** Milliseconds since 1970. */
  now(): number;
}

/** How many verified signatures are remembered: an RSA check costs more than a whole request. */
const cacheLimit = 4096;

export function serviceAccountTokens(o: ServiceAccountTokenOptions): TokenAuthenticator {
  const verified = new Map<string, Claims>();
  const claimsOf = (token: string): Claims | undefined => {
    const known = verified.get(token);
    if (known !== undefined) return known;
    const claims = o.keys.verify(token);
    if (claims === undefined) return undefined;
    if (verified.size >= cacheLimit) verified.clear();
    verified.set(token, claims);
    return claims;
  };
  return {
    name: 'service-account',
    async authenticateToken(token, audiences): Promise<Authentication> {
      if (!token.startsWith('ey')) return undefined;
      const claims = claimsOf(token);
      if (claims === undefined) return undefined;
      if (claims['iss'] === legacyIssuer) return legacy(claims, token, o);
      return bound(claims, audiences.length > 0 ? audiences : o.audiences, o);
    },
  };
}

async function bound(
  claims: Claims,
  audiences: readonly string[],
  o: ServiceAccountTokenOptions,
): Promise<Authentication> {
  if (claims['iss'] !== o.issuer) return undefined;
  const now = o.now() / 1000;
  // A minute of leeway, as clocks differ.
  if (typeof claims['exp'] === 'number' && now > claims['exp'] + 60) {
    return { invalid: 'service account token has expired' };
  }
  if (typeof claims['nbf'] === 'number' && now < claims['nbf'] - 60) {
    return { invalid: 'service account token is not valid yet' };
  }
  const aud = claims['aud'];
  const named = Array.isArray(aud) ? (aud as string[]) : typeof aud === 'string' ? [aud] : [];
  const good = named.filter((a) => audiences.includes(a));
  if (good.length === 0) {
    return {
      invalid: `token audiences ${JSON.stringify(named)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    };
  }
  const own = claims['kubernetes.io'] as PrivateClaims | undefined;
  if (own?.serviceaccount === undefined) return { invalid: 'not a service account token' };
  const { namespace, serviceaccount } = own;
  const account = await o.access.get<ServiceAccount>(
    'serviceaccounts',
    namespace,
    serviceaccount.name,
  );
  const gone = problemOf('service account', account, serviceaccount, o);
  if (gone !== undefined) return { invalid: gone };
  const extra: Record<string, string[]> = {};
  if (typeof claims['jti'] === 'string') {
    extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims['jti']}`];
  }
  if (own.pod !== undefined) {
    const pod = await o.access.get('pods', namespace, own.pod.name);
    const why = problemOf('pod', pod, own.pod, o);
    if (why !== undefined) return { invalid: why };
    extra['authentication.kubernetes.io/pod-name'] = [own.pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [own.pod.uid ?? ''];
  }
  if (own.secret !== undefined) {
    const secret = await o.access.get('secrets', namespace, own.secret.name);
    const why = problemOf('secret', secret, own.secret, o);
    if (why !== undefined) return { invalid: why };
  }
  if (own.node !== undefined) {
    if (own.pod === undefined) {
      const node = await o.access.get('nodes', '', own.node.name);
      const why = problemOf('node', node, own.node, o);
      if (why !== undefined) return { invalid: why };
    }
    extra['authentication.kubernetes.io/node-name'] = [own.node.name];
    if (own.node.uid) extra['authentication.kubernetes.io/node-uid'] = [own.node.uid];
  }
  return {
    user: {
      ...identity(namespace, serviceaccount.name),
      uid: account!.metadata!.uid!,
      ...(Object.keys(extra).length > 0 ? { extra } : {}),
    },
    audiences: good,
  };
}

/** Objects that are on their way out still count for a minute. */
const deletionLeewayMs = 60_000;

function problemOf(
  what: string,
  found: KubeObject | undefined,
  named: Bound,
  o: ServiceAccountTokenOptions,
): string | undefined {
  if (found === undefined) return `${what} ${named.name} has been deleted`;
  if (named.uid !== undefined && named.uid !== found.metadata?.uid) {
    return `${what} UID (${found.metadata?.uid}) does not match claim (${named.uid})`;
  }
  const deleted = found.metadata?.deletionTimestamp;
  if (deleted !== undefined && Date.parse(deleted) + deletionLeewayMs < o.now()) {
    return `${what} ${named.name} has been deleted`;
  }
  return undefined;
}

async function legacy(
  claims: Claims,
  token: string,
  o: ServiceAccountTokenOptions,
): Promise<Authentication> {
  const claim = (name: string) => String(claims[`kubernetes.io/serviceaccount/${name}`] ?? '');
  const namespace = claim('namespace');
  const name = claim('service-account.name');
  const secret = await o.access.get<Secret>('secrets', namespace, claim('secret.name'));
  const stored = secret?.data?.['token'];
  if (stored === undefined || Buffer.from(stored, 'base64').toString('utf8') !== token) {
    return { invalid: 'Token has been invalidated' };
  }
  const account = await o.access.get<ServiceAccount>('serviceaccounts', namespace, name);
  if (account === undefined || account.metadata?.uid !== claim('service-account.uid')) {
    return { invalid: `service account ${namespace}/${name} has been deleted` };
  }
  return { user: { ...identity(namespace, name), uid: account.metadata.uid! } };
}

function identity(namespace: string, name: string): { name: string; groups: string[] } {
  return {
    name: `${usernamePrefix}${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  };
}
