/** Whether a user may ask for a path of the kubelet: by SubjectAccessReview on the node. */
import type { Client } from '../../client/client.ts';
import { Lru } from '../../client/lru.ts';
import { subjectAccessReviews } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { SubjectAccessReview } from '../../machinery/schema/wire.ts';
import type { User } from './authentication.ts';

export interface AuthorizationOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly mode: 'Webhook' | 'AlwaysAllow';
  readonly authorizedMs: number;
  readonly unauthorizedMs: number;
  readonly nodeName: string;
}

const verbs: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** First segment of a path and the subresources of the node that allow it: any one will do. */
const subresources: Record<string, readonly string[]> = {
  pods: ['pods', 'proxy'],
  runningpods: ['pods', 'proxy'],
  healthz: ['healthz', 'proxy'],
  configz: ['configz', 'proxy'],
  flagz: ['configz'],
  statusz: ['statusz'],
  stats: ['stats'],
  metrics: ['metrics'],
  logs: ['log'],
  checkpoint: ['checkpoint'],
};

export interface AccessRequest {
  readonly verb: string;
  readonly subresources: readonly string[];
}

/** What has to be allowed for a request. */
export function accessOf(method: string, path: string): AccessRequest {
  const [, first = ''] = path.split('/');
  return { verb: verbs[method] ?? '', subresources: subresources[first] ?? ['proxy'] };
}

const cacheSize = 4096;

export class Authorization {
  private readonly options: AuthorizationOptions;
  private readonly cache = new Lru<{ allowed: boolean; untilMs: number }>(cacheSize);

  constructor(options: AuthorizationOptions) {
    this.options = options;
  }

  /** The first subresource that is allowed decides; otherwise the text of the refusal. */
  async refusal(user: User, request: AccessRequest): Promise<string | undefined> {
    if (this.options.mode === 'AlwaysAllow') return undefined;
    for (const subresource of request.subresources) {
      if (await this.allowed(user, request.verb, subresource)) return undefined;
    }
    const last = request.subresources.join(', ');
    return `Forbidden (user=${user.name}, verb=${request.verb}, resource=nodes, subresource(s)=[${last}])`;
  }

  private async allowed(user: User, verb: string, subresource: string): Promise<boolean> {
    const { client, clock, nodeName, authorizedMs, unauthorizedMs } = this.options;
    const key = JSON.stringify([user, verb, subresource]);
    const known = this.cache.get(key);
    if (known !== undefined && clock.now() < known.untilMs) return known.allowed;
    const { status } = await client.create<SubjectAccessReview>(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: user.name,
        uid: user.uid,
        groups: [...user.groups],
        extra: { ...user.extra },
        resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName },
      },
    });
    const allowed = status?.allowed ?? false;
    const untilMs = clock.now() + (allowed ? authorizedMs : unauthorizedMs);
    this.cache.set(key, { allowed, untilMs });
    return allowed;
  }
}
