/** Every review by `plural.group`. Adding one is one line here. */
import { binding } from './binding.ts';
import type { Review, ReviewEnvironment } from './review.ts';
import { selfSubjectReview } from './self-subject-review.ts';
import { selfSubjectRulesReview } from './self-subject-rules-review.ts';
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  subjectAccessReview,
} from './subject-access-review.ts';
import { tokenReview } from './token-review.ts';

export function builtinReviews(env: ReviewEnvironment): ReadonlyMap<string, Review> {
  return new Map([
    ['bindings', binding(env)],
    ['selfsubjectreviews.authentication.k8s.io', selfSubjectReview],
    ['tokenreviews.authentication.k8s.io', tokenReview(env)],
    ['localsubjectaccessreviews.authorization.k8s.io', localSubjectAccessReview(env)],
    ['selfsubjectaccessreviews.authorization.k8s.io', selfSubjectAccessReview(env)],
    ['selfsubjectrulesreviews.authorization.k8s.io', selfSubjectRulesReview(env)],
    ['subjectaccessreviews.authorization.k8s.io', subjectAccessReview(env)],
  ]);
}
