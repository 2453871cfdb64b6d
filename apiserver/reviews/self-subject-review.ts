/** authentication.k8s.io/v1 SelfSubjectReview: who am I. */
import type { SelfSubjectReview } from '../../machinery/schema/wire.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { Review } from './review.ts';

export const selfSubjectReview: Review = async (object, { user, now }) => {
  const review = object as SelfSubjectReview;
  review.metadata = { creationTimestamp: now };
  review.status = { userInfo: wireUser(user) };
  return review;
};

/** A user as authentication.k8s.io/v1 UserInfo shows it. */
export function wireUser(user: UserInfo): {
  username?: string;
  uid?: string;
  groups?: string[];
  extra?: { [key: string]: string[] };
} {
  const extra = Object.entries(user.extra ?? {}).map(([k, v]): [string, string[]] => [k, [...v]]);
  return {
    ...(user.name === '' ? {} : { username: user.name }),
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}
