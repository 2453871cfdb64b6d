/** `--authentication-token-webhook-*`: somebody else knows whose a token is, and is sent TokenReviews. */
import type { TokenReview } from '../../machinery/schema/wire.ts';
import { defaultRetries, type Retries, WebhookClient } from '../webhook/webhook-client.ts';
import { readWebhookConfig } from '../webhook/webhook-config.ts';
import type { AuthOptions } from './auth-options.ts';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';
import { cachedTokens } from './token-cache.ts';

const versions = ['v1', 'v1beta1'];
const cacheLimit = 8192;

/** Undefined without the flag. Throws an Error for a file or a version that cannot be. */
export function tokenWebhook(
  o: AuthOptions,
  ownAudiences: readonly string[],
  now: () => number,
): TokenAuthenticator | undefined {
  const file = o.authenticationTokenWebhookConfigFile;
  if (file === undefined) return undefined;
  const version = o.authenticationTokenWebhookVersion;
  if (!versions.includes(version)) {
    throw new Error(
      `unsupported authentication webhook version ${JSON.stringify(version)}, supported versions are "v1", "v1beta1"`,
    );
  }
  const client = new WebhookClient(readWebhookConfig(file));
  const ttlMs = o.authenticationTokenWebhookCacheTtl;
  const asking = askWebhook({ client, version, ownAudiences, retries: defaultRetries });
  return cachedTokens(asking, { successMs: ttlMs, failureMs: ttlMs, limit: cacheLimit, now });
}

export interface TokenWebhookOptions {
  readonly client: Pick<WebhookClient, 'post'>;
  /** Of authentication.k8s.io. */
  readonly version: string;
  /** What a token is for when nobody says. */
  readonly ownAudiences: readonly string[];
  readonly retries: Retries;
}

/** Asks for every token. */
export function askWebhook(o: TokenWebhookOptions): TokenAuthenticator {
  const apiVersion = `authentication.k8s.io/${o.version}`;
  return {
    name: 'token-webhook',
    async authenticateToken(token, audiences): Promise<Authentication> {
      const wanted = audiences.length > 0 ? audiences : o.ownAudiences;
      const review = {
        kind: 'TokenReview',
        apiVersion,
        metadata: {},
        spec: { token, audiences: wanted },
        status: { user: {} },
      };
      let status: NonNullable<TokenReview['status']>;
      try {
        const answer = await o.client.post(JSON.stringify(review), o.retries);
        status = statusOf(answer, apiVersion);
      } catch (e) {
        return { invalid: (e as Error).message, unsure: true };
      }
      const named = (status.audiences ?? []).length > 0 ? status.audiences! : o.ownAudiences;
      const good = wanted.filter((a) => named.includes(a));
      if (good.length === 0) return undefined;
      if (status.authenticated !== true) {
        return status.error ? { invalid: status.error } : undefined;
      }
      const { username = '', uid = '', groups = [], extra } = status.user ?? {};
      const user = {
        name: username,
        ...(uid === '' ? {} : { uid }),
        groups,
        ...(extra === undefined ? {} : { extra }),
      };
      return { user, audiences: good };
    },
  };
}

/** Throws an Error for an answer that is no review. */
function statusOf(answer: unknown, apiVersion: string): NonNullable<TokenReview['status']> {
  const { kind, apiVersion: version, status } = (answer ?? {}) as Partial<TokenReview>;
  if (kind !== 'TokenReview' || version !== apiVersion) {
    throw new Error(`the webhook answered with something else than a TokenReview of ${apiVersion}`);
  }
  return status ?? {};
}
