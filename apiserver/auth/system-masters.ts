/** The group `system:masters` may do everything, whatever the authorization modes say. */
import type { Authorizer } from './authorizer.ts';

export const systemMasters: Authorizer = {
  name: 'system:masters',
  authorize: ({ user }) =>
    user.groups.includes('system:masters')
      ? { decision: 'allow', reason: '' }
      : { decision: 'noOpinion', reason: '' },
};
