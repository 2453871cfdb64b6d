/** How to reach the kubelet of a node: by the addresses and the port in the node's status. */
import { badRequest, hasReason, notFound, StatusError } from '../../machinery/meta/status-error.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { KubeletTransports } from './kubelet-transports.ts';
import type { Backend } from './proxying/backend.ts';

const defaultPort = 10250;

/** What a node declares whose kubelet speaks the newer WebSocket protocols itself (KEP-4006). */
const speaksWebSocket = 'ExtendWebSocketsToKubelet';

/** A node's kubelet as a backend. */
export interface Kubelet extends Backend {
  /** It takes every protocol of exec, attach and port-forward that clients speak. */
  readonly translates: boolean;
}

export interface Kubelets {
  /**
   * Throws 404 for a node that is not there, named as `resource` as the real server does it: as what
   * the request is about. Throws 500 for one without a usable address.
   */
  of(nodeName: string, resource: 'nodes' | 'pods'): Promise<Kubelet>;
  /** Over TLS without a check of the kubelet's certificate, where a client asks for that. */
  insecure(backend: Backend): Backend;
}

/** With the server's own certificate and authority for kubelets. */
export function createKubelets(env: SubresourceEnvironment): Kubelets {
  const transports = new KubeletTransports(env.options, env.certificates, Date.now);
  return {
    async of(nodeName, resource) {
      const { store } = env.catalog().stored('nodes')!;
      const stored = await namedAs(resource, nodeName, store.get('', nodeName));
      const node = stored.object<Node>();
      const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
      return {
        protocol: 'https',
        host: preferredAddress(node, env.options.kubeletPreferredAddressTypes),
        port: String(port > 0 ? port : defaultPort),
        transport: await transports.checked(),
        translates: (node.status?.declaredFeatures ?? []).includes(speaksWebSocket),
      };
    },
    insecure: (backend) => ({ ...backend, transport: transports.unchecked() }),
  };
}

/** What is looked up; when it is not there, the 404 speaks of another resource. */
export async function namedAs<T>(resource: string, name: string, found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (e) {
    throw hasReason(e, 'NotFound') ? notFound({ group: '', resource }, name) : e;
  }
}

/** The first address of the first type that the node has. */
export function preferredAddress(node: Node, types: readonly string[]): string {
  const addresses = node.status?.addresses ?? [];
  for (const type of types) {
    const found = addresses.find((a) => a.type === type);
    if (found !== undefined) return found.address;
  }
  const known = addresses.map((a) => `{${a.type} ${a.address}}`).join(' ');
  throw new StatusError('', `no preferred addresses found; known addresses: [${known}]`);
}

/** The container that is meant. Throws 400 when it is not the pod's, or none of several is named. */
export function containerOf(pod: Pod, asked: string): string {
  const name = pod.metadata?.name ?? '';
  const containers = pod.spec?.containers ?? [];
  const all = [
    ...(pod.spec?.initContainers ?? []),
    ...containers,
    ...(pod.spec?.ephemeralContainers ?? []),
  ].map((c) => c.name);
  if (asked !== '') {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  if (containers.length === 1) return containers[0]!.name;
  const text = `a container name must be specified for pod ${name}`;
  if (containers.length === 0) throw badRequest(text);
  throw badRequest(`${text}, choose one of: [${all.join(' ')}]`);
}
