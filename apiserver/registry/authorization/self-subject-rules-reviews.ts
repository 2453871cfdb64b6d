/** authorization.k8s.io/v1 SelfSubjectRulesReview: created, answered, never stored. */
import type { SelfSubjectRulesReview } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const selfSubjectRulesReviews = defineResource<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  verbs: ['create'],
});
