/** Users as objects of the API show them. */
import type { UserInfo } from '../registry/resource.ts';

export interface WireUser {
  username?: string;
  uid?: string;
  groups?: string[];
  extra?: { [key: string]: string[] };
}

/** A user as authentication.k8s.io/v1 UserInfo and signing requests show it. */
export function wireUser(user: UserInfo): WireUser {
  const extra = Object.entries(user.extra ?? {}).map(([k, v]): [string, string[]] => [k, [...v]]);
  return {
    ...(user.name === '' ? {} : { username: user.name }),
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}
