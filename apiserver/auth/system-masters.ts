/** The group `system:masters` may do everything, whatever the authorization modes say. */
import { allRules } from './always.ts';
import type { Authorizer } from './authorizer.ts';

const group = 'system:masters';

export const systemMasters: Authorizer = {
  name: group,
  authorize: ({ user }) =>
    user.groups.includes(group)
      ? { decision: 'allow', reason: '' }
      : { decision: 'noOpinion', reason: '' },
  // The group's own right is no role: RBAC tells of the rest.
  rules: (user) =>
    user.groups.includes(group)
      ? allRules
      : { resourceRules: [], nonResourceRules: [], incomplete: false },
};
