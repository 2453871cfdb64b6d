/** The authenticators of a server, in the order they are asked, as its options say. */
import { readFileSync } from 'node:fs';
import type { ApiServerOptions } from '../options.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { Authenticator, TokenAuthenticator } from './authenticator.ts';
import { bearer } from './bearer.ts';
import { bootstrapTokens } from './bootstrap-token.ts';
import { frontProxy } from './front-proxy.ts';
import { serviceAccountTokens } from './service-account-token.ts';
import { tokenFile } from './token-file.ts';
import { TokenKeys } from './token-keys.ts';
import { clientCertificates } from './x509.ts';

export interface AuthenticationSetup {
  readonly authenticators: readonly Authenticator[];
  /** Those that TokenReview asks. */
  readonly tokens: readonly TokenAuthenticator[];
  /** Of service account tokens. */
  readonly keys: TokenKeys;
  readonly audiences: readonly string[];
}

/** `fresh` resolves when `access` tells what a quorum read made now would. */
export function createAuthentication(
  options: ApiServerOptions,
  certificates: ServerCertificates,
  access: ResourceAccess,
  fresh: () => Promise<void>,
): AuthenticationSetup {
  const keys = new TokenKeys(certificates.tokenSigningKey, certificates.tokenKeys);
  const issuer = options.serviceAccountIssuer;
  const audiences = options.apiAudiences.length > 0 ? options.apiAudiences : [issuer];
  const tokens: TokenAuthenticator[] = [];
  if (options.tokenAuthFile !== undefined) {
    tokens.push(tokenFile(readFileSync(options.tokenAuthFile, 'utf8')));
  }
  const now = () => Date.now();
  tokens.push(serviceAccountTokens({ keys, issuer, audiences, access, fresh, now }));
  if (options.enableBootstrapTokenAuth) tokens.push(bootstrapTokens({ access, now }));
  const { requestHeader } = certificates;
  return {
    authenticators: [
      ...(requestHeader === undefined ? [] : [frontProxy(requestHeader)]),
      clientCertificates(certificates.clientCa),
      bearer(tokens),
    ],
    tokens,
    keys,
    audiences,
  };
}
