/** authorization.k8s.io/v1 SelfSubjectRulesReview: what may I do in this namespace. */
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { PolicyRule, SelfSubjectRulesReview } from '../../machinery/schema/wire.ts';
import type { Review, ReviewEnvironment } from './review.ts';

type Rules = NonNullable<SelfSubjectRulesReview['status']>;

export function selfSubjectRulesReview(env: ReviewEnvironment): Review {
  return async (object, { user }) => {
    const review = object as SelfSubjectRulesReview;
    const namespace = review.spec.namespace ?? '';
    if (namespace === '') throw badRequest('no namespace on request');
    const resourceRules: Rules['resourceRules'] = [];
    const nonResourceRules: Rules['nonResourceRules'] = [];
    if (user.groups.includes('system:masters')) {
      // The group's own right is not a role: RBAC tells of the rest.
      resourceRules.push({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
      nonResourceRules.push({ verbs: ['*'], nonResourceURLs: ['*'] });
    }
    const missing: string[] = [];
    for (const { rules } of env.rbac?.rulesFor(user, namespace, missing) ?? []) {
      for (const rule of rules) add(rule, resourceRules, nonResourceRules);
    }
    review.spec = {};
    review.status = {
      resourceRules: unique(resourceRules),
      nonResourceRules: unique(nonResourceRules),
      incomplete: env.rbac === undefined,
      ...(missing.length > 0 ? { evaluationError: missing.join(', ') } : {}),
    };
    return review;
  };
}

function add(
  rule: PolicyRule,
  resourceRules: Rules['resourceRules'],
  nonResourceRules: Rules['nonResourceRules'],
): void {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  if ((resources ?? []).length > 0) {
    resourceRules.push({
      verbs,
      ...(apiGroups === undefined ? {} : { apiGroups }),
      ...(resources === undefined ? {} : { resources }),
      ...(resourceNames === undefined ? {} : { resourceNames }),
    });
  }
  if ((nonResourceURLs ?? []).length > 0) {
    nonResourceRules.push({
      verbs,
      ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }),
    });
  }
}

function unique<T>(rules: readonly T[]): T[] {
  const seen = new Map(rules.map((r) => [JSON.stringify(r), r]));
  return [...seen.values()];
}
