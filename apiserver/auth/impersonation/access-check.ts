/** One question to the authorizers on the way to acting as another user. */
import type { UserInfo } from '../../registry/resource.ts';
import type { AccessAttributes, Authorizer } from '../authorizer.ts';
import { refusal } from '../refusal.ts';

/** Asks; resolves when it is allowed. Throws 403. */
export type AccessCheck = (attributes: AccessAttributes) => Promise<void>;

/** A check by what the authorizers say. */
export function accessCheck(authorizer: Authorizer): AccessCheck {
  return async (attributes) => {
    const { decision, reason, error } = await authorizer.authorize(attributes);
    if (decision === 'allow') return;
    const why = error === undefined || error === '' ? reason : joined(error, reason);
    throw refusal(attributes, why);
  };
}

/** What is asked about one part of the wanted user. */
export function partAttributes(
  user: UserInfo,
  group: string,
  verb: string,
  resource: string,
  name: string,
): AccessAttributes {
  return {
    user,
    verb,
    resourceRequest: true,
    group,
    version: 'v1',
    resource,
    subresource: '',
    namespace: '',
    name,
    path: '',
  };
}

function joined(error: string, reason: string): string {
  return reason === '' || reason === error ? error : `${error}: ${reason}`;
}
