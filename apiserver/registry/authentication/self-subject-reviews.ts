/** authentication.k8s.io/v1 SelfSubjectReview: created, answered, never stored. */
import type { SelfSubjectReview } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const selfSubjectReviews = defineResource<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  verbs: ['create'],
});
