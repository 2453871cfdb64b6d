/** Who sends a request and whom it acts as: the first steps of the chain. */
import type { Authenticator } from '../auth/authenticator.ts';
import type { Impersonation } from '../auth/impersonation/impersonation.ts';
import type { ApiRequest } from './api-request.ts';
import { authenticate } from './authenticate.ts';
import { impersonated } from './impersonate.ts';

export interface Identification {
  readonly authenticators: readonly Authenticator[];
  /** Whether a request without credentials may go on as anonymous. */
  readonly anonymous: boolean;
  readonly impersonation: Impersonation;
}

/** Sets the request's user. Throws 401 for a bad credential, 400 and 403 for impersonation. */
export async function identify(request: ApiRequest, by: Identification): Promise<void> {
  request.user = await authenticate(request, by.authenticators, by.anonymous);
  const acting = impersonated(request, by.impersonation);
  if (acting !== undefined) request.user = (await acting).user;
}
