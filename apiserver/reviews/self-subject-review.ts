/** authentication.k8s.io/v1 SelfSubjectReview: who am I. */
import type { SelfSubjectReview } from '../../machinery/schema/wire.ts';
import { wireUser } from '../auth/wire-user.ts';
import type { Review } from './review.ts';

export const selfSubjectReview: Review = async (object, { user, now }) => {
  const review = object as SelfSubjectReview;
  review.metadata = { creationTimestamp: now };
  review.status = { userInfo: wireUser(user) };
  return review;
};
