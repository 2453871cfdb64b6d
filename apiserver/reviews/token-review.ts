/** authentication.k8s.io/v1 TokenReview: whose token is this. */
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { TokenReview } from '../../machinery/schema/wire.ts';
import type { Authentication } from '../auth/authenticator.ts';
import type { Review, ReviewEnvironment } from './review.ts';
import { wireUser } from './self-subject-review.ts';

export function tokenReview(env: ReviewEnvironment): Review {
  const { tokens, audiences: own } = env.authentication;
  return async (object) => {
    const review = object as TokenReview;
    delete review.metadata?.namespace;
    const { token = '', audiences = [] } = review.spec;
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    let found: Authentication;
    const problems = ['invalid bearer token'];
    for (const t of tokens) {
      const asked = t.authenticateToken(token, audiences);
      found = asked instanceof Promise ? await asked : asked;
      if (found === undefined) continue;
      if ('user' in found) break;
      if (!problems.includes(found.invalid)) problems.push(found.invalid);
    }
    if (found === undefined || !('user' in found)) {
      const error = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
      review.status = { user: {}, error };
      return review;
    }
    const { user } = found;
    const groups = user.groups.includes('system:authenticated')
      ? user.groups
      : [...user.groups, 'system:authenticated'];
    // A token without audiences of its own is good for the server's.
    const good = found.audiences ?? audiences.filter((a) => own.includes(a));
    if (audiences.length > 0 && good.length === 0) {
      review.status = { user: {}, error: 'token audiences are not valid for the target audiences' };
      return review;
    }
    review.status = {
      authenticated: true,
      user: wireUser({ ...user, groups }),
      ...(audiences.length > 0 || found.audiences !== undefined ? { audiences: [...good] } : {}),
    };
    return review;
  };
}
