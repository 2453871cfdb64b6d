/** Every built-in subresource that has a behaviour of its own. Adding one is one line here. */
import type { AuthenticationSetup } from '../auth/authentication.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { ApiServerOptions } from '../options.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import { podBinding } from '../subresources/pod-binding.ts';
import { serviceAccountToken } from '../subresources/service-account-token.ts';
import type { Catalog } from './catalog.ts';
import type { ResourceAccess } from './resource.ts';
import type { Subresource } from './subresource.ts';

/** What subresources are built from. */
export interface SubresourceEnvironment {
  readonly options: ApiServerOptions;
  readonly certificates: ServerCertificates;
  readonly authentication: AuthenticationSetup;
  readonly authorizer: Authorizer;
  readonly access: ResourceAccess;
  catalog(): Catalog;
}

export function builtinSubresources(environment: SubresourceEnvironment): readonly Subresource[] {
  return [podBinding(environment), serviceAccountToken(environment)];
}
