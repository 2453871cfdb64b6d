/** The authenticators of a server, in the order they are asked, as its options say. */
import { readFileSync } from 'node:fs';
import type { Reloads } from '../metrics/reloads.ts';
import type { ApiServerOptions } from '../options.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import { type AnonymousAccess, anonymousAccess } from './anonymous.ts';
import type { Authenticator, TokenAuthenticator } from './authenticator.ts';
import { bearer } from './bearer.ts';
import { bootstrapTokens } from './bootstrap-token.ts';
import { frontProxy, withholdHeaders } from './front-proxy.ts';
import { Issuers } from './oidc/issuers.ts';
import { serviceAccountTokens } from './service-account-token.ts';
import { cachedTokens } from './token-cache.ts';
import { tokenFile } from './token-file.ts';
import { TokenKeys } from './token-keys.ts';
import { tokenWebhook } from './token-webhook.ts';
import { clientCertificates } from './x509.ts';

export interface AuthenticationSetup {
  readonly authenticators: readonly Authenticator[];
  /** Those that TokenReview asks. */
  readonly tokens: readonly TokenAuthenticator[];
  readonly anonymous: AnonymousAccess;
  /** Takes off a request what front proxies say; undefined: there are none. */
  readonly withhold: ReturnType<typeof withholdHeaders> | undefined;
  /** Of service account tokens. */
  readonly keys: TokenKeys;
  readonly audiences: readonly string[];
  /** What goes on while the server runs; resolves after `signal`. */
  run(signal: AbortSignal): Promise<void>;
}

export interface AuthenticationEnvironment {
  readonly options: ApiServerOptions;
  readonly certificates: ServerCertificates;
  readonly access: ResourceAccess;
  /** Resolves when `access` tells what a quorum read made now would. */
  fresh(): Promise<void>;
  onProblem(what: string, error: unknown): void;
  /** Counts those of the configuration file. */
  readonly reloads?: Reloads;
}

const cacheLimit = 4096;
/** How long what an issuer's token says is not checked again. */
const successMs = 10_000;

/** Throws an Error that names the flag or the file that cannot be. */
export function createAuthentication(env: AuthenticationEnvironment): AuthenticationSetup {
  const { options, certificates, access } = env;
  const keys = new TokenKeys(certificates.tokenSigningKey, certificates.tokenKeys);
  const issuer = options.serviceAccountIssuer;
  const audiences = options.apiAudiences.length > 0 ? options.apiAudiences : [issuer];
  const now = () => Date.now();
  const tokens: TokenAuthenticator[] = [];
  if (options.tokenAuthFile !== undefined) {
    tokens.push(tokenFile(readFileSync(options.tokenAuthFile, 'utf8')));
  }
  const fresh = () => env.fresh();
  const furtherIssuers = options.furtherServiceAccountIssuers;
  tokens.push(
    serviceAccountTokens({ keys, issuer, furtherIssuers, audiences, access, fresh, now }),
  );
  if (options.enableBootstrapTokenAuth) tokens.push(bootstrapTokens({ access, now }));
  const onProblem = (what: string, error: unknown) => env.onProblem(what, error);
  const issuers = new Issuers({
    options,
    ownIssuers: [issuer, ...furtherIssuers],
    now,
    onProblem,
    reloads: env.reloads,
  });
  // Behind those that need nobody else's answer.
  if (issuers.any) {
    tokens.push(cachedTokens(issuers, { successMs, failureMs: 0, limit: cacheLimit, now }));
  }
  const webhook = tokenWebhook(options, audiences, now);
  if (webhook !== undefined) tokens.push(webhook);
  const { requestHeader } = certificates;
  return {
    authenticators: [
      ...(requestHeader === undefined ? [] : [frontProxy(requestHeader)]),
      clientCertificates(certificates.clientCa),
      bearer(tokens),
    ],
    tokens,
    withhold: requestHeader && withholdHeaders(requestHeader),
    anonymous: anonymousAccess(options, issuers.anonymous),
    keys,
    audiences,
    run: (signal) => issuers.run(signal),
  };
}
