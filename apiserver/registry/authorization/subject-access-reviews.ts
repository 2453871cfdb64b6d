/** authorization.k8s.io/v1 SubjectAccessReview: created, answered, never stored. */
import type { SubjectAccessReview } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const subjectAccessReviews = defineResource<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
});
