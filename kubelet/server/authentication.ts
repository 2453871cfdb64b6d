/** Who asks: a client certificate of the cluster's authority, or a token that the API knows. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Client } from '../../client/client.ts';
import { Lru } from '../../client/lru.ts';
import { tokenReviews } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { TokenReview } from '../../machinery/schema/wire.ts';

export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, string[]>>;
}

export interface AuthenticationOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Ask the API about tokens. */
  readonly webhook: boolean;
  readonly cacheMs: number;
  readonly anonymous: boolean;
}

const cacheSize = 1024;
const everyone = 'system:authenticated';

interface Cached {
  readonly user: User | undefined;
  readonly untilMs: number;
}

export class Authentication {
  private readonly options: AuthenticationOptions;
  private readonly tokens = new Lru<Cached>(cacheSize);

  constructor(options: AuthenticationOptions) {
    this.options = options;
  }

  /** The user; undefined: nobody known (401). Rejects when the API cannot be asked. */
  async user(req: IncomingMessage): Promise<User | undefined> {
    const byCertificate = certificateUser(req.socket as TLSSocket);
    if (byCertificate !== undefined) return byCertificate;
    const token = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
    if (token !== undefined) return this.options.webhook ? this.review(token) : undefined;
    if (!this.options.anonymous) return undefined;
    const groups = ['system:unauthenticated'];
    return { name: 'system:anonymous', uid: '', groups, extra: {} };
  }

  private async review(token: string): Promise<User | undefined> {
    const { client, clock, cacheMs } = this.options;
    // Tokens are not kept, only what they hash to.
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.tokens.get(key);
    if (known !== undefined && clock.now() < known.untilMs) return known.user;
    const { status } = await client.create<TokenReview>(tokenReviews, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token },
    });
    const { authenticated = false, user } = status ?? {};
    const result =
      authenticated && user?.username
        ? {
            name: user.username,
            uid: user.uid ?? '',
            groups: [...new Set([...(user.groups ?? []), everyone])],
            extra: (user.extra ?? {}) as Record<string, string[]>,
          }
        : undefined;
    this.tokens.set(key, { user: result, untilMs: clock.now() + cacheMs });
    return result;
  }
}

/** The subject of a certificate that the TLS layer has verified. */
function certificateUser(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const name = [subject?.CN ?? []].flat()[0];
  if (!name) return undefined;
  const groups = [...[subject?.O ?? []].flat(), everyone];
  return { name, uid: '', groups, extra: {} };
}
