/** Service accounts as users. */
import { isDns1123Label, isDns1123Subdomain } from '../../machinery/meta/names.ts';
import type { UserInfo } from '../registry/resource.ts';

const prefix = 'system:serviceaccount:';

/** The user that a service account is. */
export function serviceAccountUser(
  namespace: string,
  name: string,
  uid: string,
  extra: Readonly<Record<string, readonly string[]>> = {},
): UserInfo {
  return {
    name: serviceAccountUserName(namespace, name),
    uid,
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** `system:serviceaccount:<namespace>:<name>`. */
export function serviceAccountUserName(namespace: string, name: string): string {
  return `${prefix}${namespace}:${name}`;
}

/** The groups that every service account of a namespace is in. */
export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** The account that a user name means; undefined when it is no account's. */
export function serviceAccountOf(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(prefix)) return undefined;
  const [namespace = '', name = '', ...more] = user.slice(prefix.length).split(':');
  const valid =
    more.length === 0 &&
    isDns1123Label(namespace).length === 0 &&
    isDns1123Subdomain(name).length === 0;
  return valid ? { namespace, name } : undefined;
}
