/** The authenticators of a server, in the order they are asked, as its options say. */
import { readFileSync } from 'node:fs';
import type { ApiServerOptions } from '../options.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { Authenticator, TokenAuthenticator } from './authenticator.ts';
import { bearer } from './bearer.ts';
import { tokenFile } from './token-file.ts';
import { clientCertificates } from './x509.ts';

export interface AuthenticationSetup {
  readonly authenticators: readonly Authenticator[];
  /** Those that TokenReview asks. */
  readonly tokens: readonly TokenAuthenticator[];
}

export function createAuthentication(
  options: ApiServerOptions,
  certificates: ServerCertificates,
  _access: ResourceAccess,
): AuthenticationSetup {
  const tokens: TokenAuthenticator[] = [];
  if (options.tokenAuthFile !== undefined) {
    tokens.push(tokenFile(readFileSync(options.tokenAuthFile, 'utf8')));
  }
  return { authenticators: [clientCertificates(certificates.clientCa), bearer(tokens)], tokens };
}
