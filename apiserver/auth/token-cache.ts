/** Keeps what was found out about tokens that cost a while: signatures, calls of webhooks. */
import { createHash } from 'node:crypto';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';
import { ExpiringCache } from './expiring-cache.ts';

export interface TokenCacheOptions {
  /** How long a good token is not asked about again. */
  readonly successMs: number;
  /** The same for a bad one; 0: every time. */
  readonly failureMs: number;
  /** Tokens that are kept. */
  readonly limit: number;
  now(): number;
}

/** As `to` answers, for a while; the same token is asked about once at a time. */
export function cachedTokens(to: TokenAuthenticator, o: TokenCacheOptions): TokenAuthenticator {
  const known = new ExpiringCache<{ readonly answer: Authentication }>(o.limit, o.now);
  const asked = new Map<string, Promise<Authentication>>();
  const ask = async (key: string, token: string, audiences: readonly string[]) => {
    try {
      const answer = await to.authenticateToken(token, audiences);
      const good = answer !== undefined && 'user' in answer;
      const unsure = answer !== undefined && 'invalid' in answer && answer.unsure === true;
      if (!unsure) known.set(key, { answer }, good ? o.successMs : o.failureMs);
      return answer;
    } finally {
      asked.delete(key);
    }
  };
  return {
    name: to.name,
    authenticateToken(token, audiences) {
      const key = keyOf(token, audiences);
      const found = known.get(key);
      if (found !== undefined) return found.answer;
      let answer = asked.get(key);
      if (answer === undefined) {
        answer = ask(key, token, audiences);
        asked.set(key, answer);
      }
      return answer;
    },
  };
}

/** Tokens themselves are not kept. */
function keyOf(token: string, audiences: readonly string[]): string {
  const text = JSON.stringify([token, audiences]);
  return createHash('sha256').update(text).digest('base64');
}
