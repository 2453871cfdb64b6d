/** Asks the authenticators in order who sent a request. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../../machinery/meta/status-error.ts';
import type { AnonymousAccess } from '../auth/anonymous.ts';
import type { AuthMetrics } from '../auth/auth-metrics.ts';
import {
  type Authenticator,
  type CredentialNotes,
  hasMisplacedToken,
  misplacedTokenWarning,
} from '../auth/authenticator.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { ApiRequest } from './api-request.ts';

const authenticated = 'system:authenticated';
const unauthenticated = 'system:unauthenticated';
const anonymousUser: UserInfo = {
  name: 'system:anonymous',
  groups: [unauthenticated],
};

const anonymousIdentity: Identity = { user: anonymousUser };

export interface Identity {
  readonly user: UserInfo;
  readonly notes?: CredentialNotes;
}

/** The user with the group of all who proved who they are. Throws 401 for a bad credential. */
export async function authenticate(
  request: ApiRequest,
  authenticators: readonly Authenticator[],
  anonymous: AnonymousAccess,
  metrics: AuthMetrics,
): Promise<Identity> {
  const socket = request.raw.socket as TLSSocket;
  const input = {
    headers: request.raw.headers,
    rawHeaders: request.raw.rawHeaders,
    peerCertificate: () => peerCertificate(socket),
    remoteAddress: socket.remoteAddress,
  };
  let refused = false;
  for (const a of authenticators) {
    const asked = a.authenticate(input);
    const answer = asked instanceof Promise ? await asked : asked;
    if (answer === undefined) continue;
    if ('invalid' in answer) {
      refused = true;
      continue;
    }
    const { user } = answer;
    metrics.authenticated.value++;
    metrics.countUser(user.name);
    const told = user.groups.some((g) => g === authenticated || g === unauthenticated);
    if (told || user.name === anonymousUser.name) return answer;
    return { ...answer, user: { ...user, groups: [...user.groups, authenticated] } };
  }
  if (hasMisplacedToken(input.headers.authorization)) request.warn(misplacedTokenWarning);
  if (refused || !anonymous(request.path)) {
    (refused ? metrics.failed : metrics.missing).value++;
    throw unauthorized();
  }
  metrics.authenticated.value++;
  metrics.countUser(anonymousUser.name);
  return anonymousIdentity;
}

/** Certificates are parsed once per connection. */
const parsed = new WeakMap<TLSSocket, X509Certificate | undefined>();

function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  if (typeof socket.getPeerX509Certificate !== 'function') return undefined;
  if (parsed.has(socket)) return parsed.get(socket);
  const found = socket.getPeerX509Certificate();
  parsed.set(socket, found);
  return found;
}
