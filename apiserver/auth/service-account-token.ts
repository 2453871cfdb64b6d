/**
 * Tokens of service accounts: bound ones (TokenRequest), alive as long as the account and the
 * object they are bound to; `legacy-token.ts` has those from secrets.
 */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';
import { legacyIssuer, legacyToken } from './legacy-token.ts';
import { serviceAccountUser } from './service-account-user.ts';
import { type Claims, type TokenKeys, uncheckedClaims } from './token-keys.ts';

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
  /** Seconds since 1970. */
  readonly warnafter?: number;
}

export interface ServiceAccountTokenOptions {
  readonly keys: TokenKeys;
  readonly issuer: string;
  /** Whose tokens are accepted beside. */
  readonly furtherIssuers?: readonly string[];
  /** What a token must be for when the caller does not say, and is for when it does not say. */
  readonly audiences: readonly string[];
  readonly access: ResourceAccess;
  /** Resolves when reads of `access` are as fresh as a quorum read made now. */
  fresh(): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** How many verified signatures are remembered: an RSA check costs more than a whole request. */
const cacheLimit = 4096;
/** Clocks differ; objects that are on their way out still count for as long. */
const leewayMs = 60_000;

/** Knows the tokens that the server's keys have signed. */
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
      const issuer = verified.get(token)?.['iss'] ?? uncheckedClaims(token)?.['iss'];
      const known =
        issuer === o.issuer ||
        issuer === legacyIssuer ||
        o.furtherIssuers?.includes(String(issuer)) === true;
      if (!known) return undefined;
      const claims = claimsOf(token);
      if (claims === undefined) return { invalid: 'invalid signature' };
      const wanted = audiences.length > 0 ? audiences : o.audiences;
      const named = audiencesOf(claims) ?? o.audiences;
      const good = named.filter((a) => wanted.includes(a));
      if (good.length === 0) {
        return {
          invalid: `token audiences ${goList(named)} is invalid for the target audiences ${goList(wanted)}`,
        };
      }
      const found =
        issuer === legacyIssuer ? await legacyToken(claims, token, o) : await bound(claims, o);
      if (found !== undefined && 'user' in found) return { ...found, audiences: good };
      return found;
    },
  };
}

/** Undefined when the token names none. */
function audiencesOf(claims: Claims): readonly string[] | undefined {
  const { aud } = claims;
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) && aud.length > 0 ? aud.map(String) : undefined;
}

/** A list as Go prints it with %q. */
function goList(names: readonly string[]): string {
  return `[${names.map((name) => JSON.stringify(name)).join(' ')}]`;
}

const invalidated = 'service account token has been invalidated';

async function bound(claims: Claims, o: ServiceAccountTokenOptions): Promise<Authentication> {
  const untimely = timeProblem(claims, o.now());
  if (untimely !== undefined) return { invalid: untimely };
  const own = claims['kubernetes.io'] as PrivateClaims | undefined;
  if (own?.serviceaccount === undefined) return { invalid: 'not a service account token' };
  const { namespace, serviceaccount, secret, pod, node } = own;
  const account = await find(o, 'serviceaccounts', namespace, serviceaccount.name);
  const { uid } = account?.metadata ?? {};
  if (account === undefined) {
    return { invalid: `serviceaccounts ${JSON.stringify(serviceaccount.name)} not found` };
  }
  if (uid !== (serviceaccount.uid ?? '')) {
    return { invalid: `service account UID (${uid}) does not match claim (${serviceaccount.uid})` };
  }
  if (isGone(account, o)) {
    return { invalid: `service account ${namespace}/${serviceaccount.name} has been deleted` };
  }
  const bonds: [what: string, resource: string, namespace: string, Bound | undefined][] = [
    ['secret', 'secrets', namespace, secret],
    ['pod', 'pods', namespace, pod],
    // The node of a pod is only told of: the pod may outlive it.
    ['node', 'nodes', '', pod === undefined ? node : undefined],
  ];
  for (const [what, resource, within, bond] of bonds) {
    if (bond === undefined) continue;
    const found = await find(o, resource, within, bond.name);
    if (found === undefined) return { invalid: invalidated };
    const present = found.metadata?.uid;
    if (present !== (bond.uid ?? '')) {
      return {
        invalid: `${what} UID (${present}) does not match service account ${what} ref claim (${bond.uid})`,
      };
    }
    if (isGone(found, o)) return { invalid: invalidated };
  }
  const user = serviceAccountUser(namespace, serviceaccount.name, uid!, extraOf(claims, own));
  const stale = staleness(claims, own, o.now());
  return stale === undefined ? { user } : { user, notes: { annotations: stale } };
}

/** Pods' tokens live longer than they should be used: for programs that do not read them again. */
function staleness(
  claims: Claims,
  { warnafter }: PrivateClaims,
  nowMs: number,
): Readonly<Record<string, string>> | undefined {
  const seconds = Math.floor(nowMs / 1000) - (warnafter ?? Number.POSITIVE_INFINITY);
  if (seconds <= 0) return undefined;
  const text = `subject: ${claims['sub']}, seconds after warning threshold: ${seconds}`;
  return { 'authentication.k8s.io/stale-token': text };
}

function timeProblem(claims: Claims, nowMs: number): string | undefined {
  const at = (name: string) => (typeof claims[name] === 'number' ? claims[name] * 1000 : undefined);
  const [exp, nbf, iat] = [at('exp'), at('nbf'), at('iat')];
  if (nbf !== undefined && nowMs + leewayMs < nbf) return 'service account token is not valid yet';
  if (exp !== undefined && nowMs - leewayMs > exp) return 'service account token has expired';
  if (iat !== undefined && nowMs + leewayMs < iat) {
    return 'service account token is issued in the future';
  }
  return undefined;
}

/** An object that may be newer than the watch cache. */
async function find(
  o: ServiceAccountTokenOptions,
  resource: string,
  namespace: string,
  name: string,
): Promise<KubeObject | undefined> {
  const found = await o.access.get(resource, namespace, name);
  if (found !== undefined) return found;
  await o.fresh();
  return o.access.get(resource, namespace, name);
}

function isGone(object: KubeObject, o: ServiceAccountTokenOptions): boolean {
  const deleted = object.metadata?.deletionTimestamp;
  return deleted !== undefined && Date.parse(deleted) + leewayMs < o.now();
}

function extraOf(claims: Claims, { pod, node }: PrivateClaims): Record<string, string[]> {
  const key = (name: string) => `authentication.kubernetes.io/${name}`;
  const extra: Record<string, string[]> = {};
  const { jti } = claims;
  if (typeof jti === 'string' && jti !== '') extra[key('credential-id')] = [`JTI=${jti}`];
  if (pod !== undefined) {
    extra[key('pod-name')] = [pod.name];
    extra[key('pod-uid')] = [pod.uid ?? ''];
  }
  if (node !== undefined) {
    extra[key('node-name')] = [node.name];
    if (node.uid) extra[key('node-uid')] = [node.uid];
  }
  return extra;
}
