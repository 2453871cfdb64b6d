/** authorization.k8s.io/v1 SelfSubjectAccessReview: created, answered, never stored. */
import type { SelfSubjectAccessReview } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const selfSubjectAccessReviews = defineResource<SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
});
