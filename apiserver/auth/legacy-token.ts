/**
 * Tokens that stand in secrets: good as long as the secret holds them. Their use is noted on the
 * secret, by the day; a controller takes those out of use that nobody needs (KEP-2799).
 */
import { timingSafeEqual } from 'node:crypto';
import type { Secret, ServiceAccount } from '../../machinery/schema/wire.ts';
import type { Authentication } from './authenticator.ts';
import type { ServiceAccountTokenOptions } from './service-account-token.ts';
import { serviceAccountUser, serviceAccountUserName } from './service-account-user.ts';
import type { Claims } from './token-keys.ts';

/** The issuer that all of them name. */
export const legacyIssuer = 'kubernetes/serviceaccount';

const lastUsed = 'kubernetes.io/legacy-token-last-used';
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';
const dayMs = 24 * 3600 * 1000;

type Options = Pick<ServiceAccountTokenOptions, 'access' | 'fresh' | 'now'>;

/** Whose token it is; its signature has been checked. */
export async function legacyToken(
  claims: Claims,
  token: string,
  o: Options,
): Promise<Authentication> {
  const claim = (name: string) => String(claims[`kubernetes.io/serviceaccount/${name}`] ?? '');
  const namespace = claim('namespace');
  const name = claim('service-account.name');
  const uid = claim('service-account.uid');
  const secretName = claim('secret.name');
  const missing = Object.entries({
    sub: String(claims['sub'] ?? ''),
    namespace,
    secretName,
    serviceAccountName: name,
    serviceAccountUID: uid,
  }).find(([, value]) => value === '');
  if (missing !== undefined) return { invalid: `${missing[0]} claim is missing` };
  if (claims['sub'] !== serviceAccountUserName(namespace, name)) {
    return { invalid: 'sub claim is invalid' };
  }
  let secret = await o.access.get<Secret>('secrets', namespace, secretName);
  if (secret === undefined) {
    await o.fresh();
    secret = await o.access.get<Secret>('secrets', namespace, secretName);
  }
  if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined) {
    return { invalid: 'Token has been invalidated' };
  }
  if (!isSame(secret.data?.['token'], token)) {
    return { invalid: "Token does not match server's copy" };
  }
  const account = await o.access.get<ServiceAccount>('serviceaccounts', namespace, name);
  if (account === undefined) {
    return { invalid: `serviceaccounts ${JSON.stringify(name)} not found` };
  }
  if (account.metadata?.deletionTimestamp !== undefined) {
    return { invalid: `ServiceAccount ${namespace}/${name} has been deleted` };
  }
  if (account.metadata?.uid !== uid) {
    return {
      invalid: `ServiceAccount UID (${account.metadata?.uid}) does not match claim (${uid})`,
    };
  }
  noteUse(secret, o);
  if (secret.metadata?.labels?.[invalidSince] !== undefined) {
    return {
      invalid: `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSince}' label from the secret to temporarily allow use of this token`,
    };
  }
  return { user: serviceAccountUser(namespace, name, uid) };
}

function isSame(stored: string | undefined, token: string): boolean {
  const known = Buffer.from(stored ?? '', 'base64');
  const given = Buffer.from(token);
  return known.length === given.length && timingSafeEqual(known, given);
}

function noteUse(secret: Secret, o: Options): void {
  const { namespace = '', name = '', labels, uid } = secret.metadata!;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const today = day(o.now());
  const noted = labels?.[lastUsed];
  // Another server's clock may be past midnight already.
  if (noted === today || noted === day(o.now() + dayMs)) return;
  const update = o.access.update<Secret>('secrets', namespace, name, (current) => {
    if (current.metadata?.uid !== uid) return current;
    const metadata = { ...current.metadata };
    metadata.labels = { ...metadata.labels, [lastUsed]: today };
    return { ...current, metadata };
  });
  // The next use notes it when this fails; the request does not wait for it.
  update.catch(() => undefined);
}
