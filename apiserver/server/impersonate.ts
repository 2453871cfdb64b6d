/** Impersonation headers: acting as another user, where the caller may. */
import type { Impersonated, Impersonation } from '../auth/impersonation/impersonation.ts';
import { wantedUser } from '../auth/impersonation/wanted-user.ts';
import type { ApiRequest } from './api-request.ts';
import { attributesOf } from './authorize.ts';

/** Whom to act as; undefined when no header asks. Throws 400 and 403. */
export function impersonated(
  request: ApiRequest,
  impersonation: Impersonation,
): Promise<Impersonated> | undefined {
  const wanted = wantedUser(request.raw);
  return wanted && impersonation.impersonate(wanted, attributesOf(request));
}
