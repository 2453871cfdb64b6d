/** Paths beside discovery and health: OpenAPI, service account keys, metrics. */
import type { AuthenticationSetup } from '../auth/authentication.ts';
import type { ApiServerOptions } from '../options.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ApiRequest } from './api-request.ts';
import type { ApiResponse } from './api-response.ts';

export interface MorePathServices {
  readonly options: ApiServerOptions;
  readonly certificates: ServerCertificates;
  readonly catalog: Catalog;
  readonly authentication: AuthenticationSetup;
}

/** Answers one of these paths, undefined for any other. */
export function morePaths(
  _services: MorePathServices,
): (request: ApiRequest) => Promise<ApiResponse | undefined> {
  return () => Promise.resolve(undefined);
}
