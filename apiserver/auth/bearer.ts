/** Bearer tokens: asks the token authenticators in order. */
import { type Authenticator, bearerToken, type TokenAuthenticator } from './authenticator.ts';

/** Valid when one says so; invalid when there is a token and none knows it. */
export function bearer(tokens: readonly TokenAuthenticator[]): Authenticator {
  return {
    name: 'bearer',
    async authenticate(input) {
      const token = bearerToken(input.headers);
      if (token === undefined) return undefined;
      for (const t of tokens) {
        const asked = t.authenticateToken(token, []);
        const answer = asked instanceof Promise ? await asked : asked;
        if (answer !== undefined && 'user' in answer) return answer;
      }
      return { invalid: 'no authenticator accepts this token' };
    },
  };
}
