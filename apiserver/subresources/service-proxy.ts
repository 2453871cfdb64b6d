/** `services/proxy`: a port of one of the pods behind a service. */
import { serviceUnavailable } from '../../machinery/meta/status-error.ts';
import type {
  EndpointAddress,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../machinery/schema/wire.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { namedAs } from './kubelets.ts';
import type { Transport } from './proxying/backend.ts';
import { parseProxyName, proxySubresource } from './proxying/proxy.ts';

export function serviceProxy(
  env: SubresourceEnvironment,
  transport: Transport,
  random: () => number = Math.random,
): Subresource {
  return proxySubresource({
    resource: 'services',
    kind: 'ServiceProxyOptions',
    async locate(call) {
      const { namespace } = call;
      const { scheme, name, port } = parseProxyName(call.name, 'service');
      const portName = /^[+-]?\d+$/.test(port) ? await named(env, namespace, name, port) : port;
      const { store } = env.catalog().stored('endpoints')!;
      const stored = await namedAs('services', name, store.get(namespace, name));
      const subsets = stored.object<Endpoints>().subsets ?? [];
      if (subsets.length === 0) throw none(name);
      const isPod = (a: EndpointAddress) => isPodAddress(env, namespace, a);
      const found = await chooseEndpoint(subsets, portName, isPod, random);
      if (found === undefined) throw none(call.name);
      const protocol = scheme === 'https' ? 'https' : 'http';
      return { protocol, host: found.ip, port: String(found.port), transport };
    },
  });
}

function none(what: string): Error {
  return serviceUnavailable(`no endpoints available for service ${JSON.stringify(what)}`);
}

/** The name of the service's port of that number. */
async function named(
  env: SubresourceEnvironment,
  namespace: string,
  name: string,
  port: string,
): Promise<string> {
  const stored = await env.catalog().stored('services')!.store.get(namespace, name);
  const found = stored.object<Service>().spec?.ports?.find((p) => p.port === Number(port));
  if (found !== undefined) return found.name ?? '';
  throw serviceUnavailable(
    `no service port ${Number(port)} found for service ${JSON.stringify(name)}`,
  );
}

/** Any address with that port that `allowed` lets through; undefined when there is none. */
export async function chooseEndpoint(
  subsets: readonly EndpointSubset[],
  portName: string,
  allowed: (address: EndpointAddress) => Promise<boolean>,
  random: () => number,
): Promise<{ ip: string; port: number } | undefined> {
  for (const subset of rotated(subsets, random)) {
    const port = subset.ports?.find((p) => (p.name ?? '') === portName);
    if (port === undefined) continue;
    for (const address of rotated(subset.addresses ?? [], random)) {
      if (await allowed(address)) return { ip: address.ip, port: port.port };
    }
  }
  return undefined;
}

function rotated<T>(list: readonly T[], random: () => number): T[] {
  const start = Math.floor(random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}

/** Endpoints can be written by users: only addresses that a pod really has are gone to. */
async function isPodAddress(
  env: SubresourceEnvironment,
  namespace: string,
  address: EndpointAddress,
): Promise<boolean> {
  const ref = address.targetRef;
  if (ref === undefined || (ref.namespace ?? '') !== namespace) return false;
  const pod = await env.access.get<Pod>('pods', namespace, ref.name ?? '');
  return (pod?.status?.podIPs ?? []).some((p) => p.ip === address.ip);
}
