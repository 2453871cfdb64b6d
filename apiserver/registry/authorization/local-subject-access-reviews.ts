/** authorization.k8s.io/v1 LocalSubjectAccessReview: created, answered, never stored. */
import type { LocalSubjectAccessReview } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const localSubjectAccessReviews = defineResource<LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  verbs: ['create'],
});
