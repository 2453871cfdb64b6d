/** The resources of group authentication.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { selfSubjectReviews } from './self-subject-reviews.ts';
import { tokenReviews } from './token-reviews.ts';

export const authenticationResources = resourceList(selfSubjectReviews, tokenReviews);
