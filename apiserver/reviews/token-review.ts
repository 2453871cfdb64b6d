/** authentication.k8s.io/v1 TokenReview: whose token is this. */
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { TokenReview } from '../../machinery/schema/wire.ts';
import type { Authentication } from '../auth/authenticator.ts';
import { wireUser } from '../auth/wire-user.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { Review, ReviewEnvironment } from './review.ts';

export function tokenReview(env: ReviewEnvironment): Review {
  const { tokens, audiences: own } = env.authentication;
  return async (object) => {
    const review = object as TokenReview;
    delete review.metadata?.namespace;
    const { token = '', audiences = [] } = review.spec;
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    const wanted = audiences.length > 0 ? audiences : own;
    const problems = ['invalid bearer token'];
    for (const t of tokens) {
      const asked = t.authenticateToken(token, audiences);
      const found: Authentication = asked instanceof Promise ? await asked : asked;
      if (found === undefined) continue;
      if ('invalid' in found) {
        if (!problems.includes(found.invalid)) problems.push(found.invalid);
        continue;
      }
      // A token that says nothing of audiences is good for the server's.
      const good = found.audiences ?? own.filter((a) => wanted.includes(a));
      if (good.length === 0) continue;
      review.status = {
        authenticated: true,
        user: wireUser({ ...found.user, groups: completed(found.user) }),
        audiences: [...good],
      };
      return review;
    }
    const error = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
    review.status = { user: {}, error };
    return review;
  };
}

/** Who has proved who they are is in one more group. */
function completed({ groups }: UserInfo): readonly string[] {
  const told = groups.includes('system:authenticated') || groups.includes('system:unauthenticated');
  return told ? groups : [...groups, 'system:authenticated'];
}
