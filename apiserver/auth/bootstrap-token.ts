/**
 * Bootstrap tokens: `ID.SECRET`, with which a new node asks for its certificate. Each stands in a
 * secret of kube-system. Rules: "Authenticating with Bootstrap Tokens".
 */
import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../machinery/schema/wire.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const secretType = 'bootstrap.kubernetes.io/token';
const defaultGroup = 'system:bootstrappers';

export interface BootstrapTokenOptions {
  readonly access: Pick<ResourceAccess, 'get'>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Knows the tokens whose secrets say that they are for authentication. */
export function bootstrapTokens(o: BootstrapTokenOptions): TokenAuthenticator {
  return {
    name: 'bootstrap-token',
    async authenticateToken(token): Promise<Authentication> {
      const [, id, secret] = tokenPattern.exec(token) ?? [];
      if (id === undefined || secret === undefined) return undefined;
      const name = `bootstrap-token-${id}`;
      const found = await o.access.get<Secret>('secrets', 'kube-system', name);
      const usable =
        found !== undefined &&
        found.metadata?.deletionTimestamp === undefined &&
        found.type === secretType;
      if (!usable) return undefined;
      const value = (key: string) =>
        Buffer.from(found.data?.[key] ?? '', 'base64').toString('utf8');
      if (!isSame(value('token-secret'), secret) || value('token-id') !== id) return undefined;
      if (isExpired(value('expiration'), o.now())) return undefined;
      if (value('usage-bootstrap-authentication') !== 'true') return undefined;
      const groups = groupsOf(value('auth-extra-groups'));
      return groups && { user: { name: `system:bootstrap:${id}`, groups } };
    },
  };
}

function isSame(known: string, given: string): boolean {
  const [a, b] = [Buffer.from(known), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A time that cannot be read has passed. */
function isExpired(expiration: string, nowMs: number): boolean {
  if (expiration === '') return false;
  const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(expiration);
  return !rfc3339 || !(Date.parse(expiration) > nowMs);
}

/** Undefined when one of them is no group for bootstrapping. */
function groupsOf(extra: string): string[] | undefined {
  const more = extra === '' ? [] : extra.split(',');
  if (!more.every((group) => groupPattern.test(group))) return undefined;
  return [...new Set([defaultGroup, ...more])].sort();
}
