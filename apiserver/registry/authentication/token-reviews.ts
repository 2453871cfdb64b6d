/** authentication.k8s.io/v1 TokenReview: created, answered, never stored. */
import type { TokenReview } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const tokenReviews = defineResource<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  verbs: ['create'],
});
