/** The resources of group authorization.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { localSubjectAccessReviews } from './local-subject-access-reviews.ts';
import { selfSubjectAccessReviews } from './self-subject-access-reviews.ts';
import { selfSubjectRulesReviews } from './self-subject-rules-reviews.ts';
import { subjectAccessReviews } from './subject-access-reviews.ts';

export const authorizationResources = resourceList(
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
);
