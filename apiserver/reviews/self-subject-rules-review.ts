/** authorization.k8s.io/v1 SelfSubjectRulesReview: what may I do in this namespace. */
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { PolicyRule, SelfSubjectRulesReview } from '../../machinery/schema/wire.ts';
import type { Review, ReviewEnvironment } from './review.ts';

type Rules = NonNullable<SelfSubjectRulesReview['status']>;
type ResourceRule = Rules['resourceRules'][number];
type NonResourceRule = Rules['nonResourceRules'][number];

export function selfSubjectRulesReview(env: ReviewEnvironment): Review {
  return async (object, { user }) => {
    const review = object as SelfSubjectRulesReview;
    const namespace = review.spec.namespace ?? '';
    if (namespace === '') throw badRequest('no namespace on request');
    const found = env.authorizer.rules?.(user, namespace);
    const { resourceRules = [], nonResourceRules = [], incomplete = true, error } = found ?? {};
    const status: Rules = {
      resourceRules: unique(resourceRules.map(resourceRule)),
      nonResourceRules: unique(nonResourceRules.map(nonResourceRule)),
      incomplete,
      ...(error === undefined ? {} : { evaluationError: error }),
    };
    // The answer is an object of its own: nothing of the question's metadata is in it.
    return { metadata: {}, spec: {}, status } as SelfSubjectRulesReview;
  };
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): ResourceRule {
  return {
    verbs,
    ...(apiGroups === undefined ? {} : { apiGroups }),
    ...(resources === undefined ? {} : { resources }),
    ...(resourceNames === undefined ? {} : { resourceNames }),
  };
}

function nonResourceRule({ verbs, nonResourceURLs }: PolicyRule): NonResourceRule {
  return { verbs, ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }) };
}

function unique<T>(rules: readonly T[]): T[] {
  const seen = new Map(rules.map((r) => [JSON.stringify(r), r]));
  return [...seen.values()];
}
