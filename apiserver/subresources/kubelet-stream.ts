/** What exec, attach and portforward share: an upgrade that the pod's kubelet answers. */
import { badRequest, forbidden } from '../../machinery/meta/status-error.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { needsBridge } from '../../machinery/streaming/bridge.ts';
import type { StreamFlags } from '../../machinery/streaming/command-side.ts';
import { passRefusalOn, UpgradeRefused } from '../../machinery/streaming/upgrade.ts';
import type { Subresource, SubresourceCall } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { bridgeAndTell, bridgeToKubelet, type StreamTarget } from './kubelet-bridge.ts';
import type { Kubelet, Kubelets } from './kubelets.ts';
import { tunnel } from './proxying/tunnel.ts';
import { boolOption, encodeQuery } from './query-options.ts';

export interface StreamOptions {
  readonly name: 'attach' | 'exec' | 'portforward';
  readonly kind: string;
  /** What is wrong with the query alone. Throws 400. */
  check?(query: URLSearchParams): void;
  /** Where the stream leads to, for a pod. Throws 400. */
  location(pod: Pod, query: URLSearchParams): StreamTarget;
}

export function kubeletStream(
  env: SubresourceEnvironment,
  kubelets: Kubelets,
  options: StreamOptions,
): Subresource {
  /** Everything that can be refused before a connection is made. */
  const locate = async (
    call: SubresourceCall,
  ): Promise<{ kubelet: Kubelet; target: StreamTarget }> => {
    options.check?.(call.query);
    await mayCreate(env, call, options.name);
    const stored = await env.catalog().stored('pods')!.store.get(call.namespace, call.name);
    const pod = stored.object<Pod>();
    const target = options.location(pod, call.query);
    const node = pod.spec?.nodeName ?? '';
    if (node === '') throw badRequest(`pod ${call.name} does not have a host assigned`);
    return { kubelet: await kubelets.of(node, 'pods'), target };
  };
  return {
    resource: 'pods',
    name: options.name,
    verbs: ['create', 'get'],
    kind: options.kind,
    connects: ['GET', 'POST'],
    async handle(call) {
      await locate(call);
      throw badRequest('Upgrade request required');
    },
    async upgrade(call, socket, head) {
      const { kubelet, target } = await locate(call);
      const request = { req: call.request, socket, head };
      try {
        if (!kubelet.translates && needsBridge(request, target.kind)) {
          await bridgeAndTell(request, kubelet, target);
          return;
        }
        const text = encodeQuery(target.query);
        const path = text === '' ? target.path : `${target.path}?${text}`;
        await tunnel(call, kubelet, path, socket, head, () =>
          bridgeToKubelet(request, kubelet, target),
        );
      } catch (e) {
        if (!(e instanceof UpgradeRefused)) throw e;
        passRefusalOn(socket, e);
      }
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
const names = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const;

/** The streams that are asked for. */
export function flagsOf(query: URLSearchParams): StreamFlags {
  const [stdin, stdout, stderr, tty] = names.map(([name]) => boolOption(query, name));
  return { stdin: stdin!, stdout: stdout!, stderr: stderr! && !tty, tty: tty! };
}

/** The same as the kubelet's query names them. */
export function flagPairs(query: URLSearchParams): (readonly [string, string])[] {
  return names.filter(([name]) => boolOption(query, name)).map(([, param]) => [param, '1']);
}
