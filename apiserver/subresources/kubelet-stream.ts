/** What exec, attach and portforward share: an upgrade that the pod's kubelet answers. */
import { badRequest, forbidden } from '../../machinery/meta/status-error.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import type { Subresource, SubresourceCall } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import type { Kubelets } from './kubelets.ts';
import type { Backend } from './proxying/backend.ts';
import { tunnel } from './proxying/tunnel.ts';
import { boolOption, encodeQuery } from './query-options.ts';

export interface StreamOptions {
  readonly name: 'attach' | 'exec' | 'portforward';
  readonly kind: string;
  /** The kubelet's path, and its query, for a pod. Throws 400. */
  location(
    pod: Pod,
    query: URLSearchParams,
  ): { path: string; query: readonly (readonly [string, string])[] };
}

export function kubeletStream(
  env: SubresourceEnvironment,
  kubelets: Kubelets,
  options: StreamOptions,
): Subresource {
  /** Everything that can be refused before a connection is made. */
  const locate = async (call: SubresourceCall): Promise<{ backend: Backend; path: string }> => {
    if (call.query.getAll('dryRun').some((v) => v !== '')) {
      throw badRequest('dryRun is not supported');
    }
    await mayCreate(env, call, options.name);
    const stored = await env.catalog().stored('pods')!.store.get(call.namespace, call.name);
    const pod = stored.object<Pod>();
    const { path, query } = options.location(pod, call.query);
    const node = pod.spec?.nodeName ?? '';
    if (node === '') throw badRequest(`pod ${call.name} does not have a host assigned`);
    const text = encodeQuery(query);
    return { backend: await kubelets.of(node), path: text === '' ? path : `${path}?${text}` };
  };
  return {
    resource: 'pods',
    name: options.name,
    verbs: ['create', 'get'],
    kind: options.kind,
    connects: true,
    async handle(call) {
      await locate(call);
      throw badRequest('Upgrade request required');
    },
    async upgrade(call, socket, head) {
      const { backend, path } = await locate(call);
      await tunnel(call, backend, path, socket, head);
    },
  };
}

/** A WebSocket comes as a GET: reaching into a container takes the right to create all the same. */
async function mayCreate(
  env: SubresourceEnvironment,
  call: SubresourceCall,
  subresource: string,
): Promise<void> {
  if (call.verb === 'create') return;
  const answer = await env.authorizer.authorize({
    user: call.user,
    verb: 'create',
    resourceRequest: true,
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource,
    namespace: call.namespace,
    name: call.name,
    path: '',
  });
  if (answer.decision === 'allow') return;
  throw forbidden({ group: '', resource: 'pods' }, call.name, answer.reason);
}

/** Options and the names that kubelets know them by. */
const flags = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const;

/** The streams that are asked for, as the kubelet's query names them. */
export function streamFlags(query: URLSearchParams): (readonly [string, string])[] {
  return flags.filter(([name]) => boolOption(query, name)).map(([, param]) => [param, '1']);
}
