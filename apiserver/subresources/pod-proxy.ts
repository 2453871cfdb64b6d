/** `pods/proxy`: a port of a pod. */
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { isGlobalUnicast } from './proxying/allowed-address.ts';
import type { Transport } from './proxying/backend.ts';
import { parseProxyName, proxySubresource } from './proxying/proxy.ts';

export function podProxy(env: SubresourceEnvironment, transport: Transport): Subresource {
  return proxySubresource({
    resource: 'pods',
    kind: 'PodProxyOptions',
    async locate(call) {
      const { scheme, name, port } = parseProxyName(call.name, 'pod');
      const stored = await env.catalog().stored('pods')!.store.get(call.namespace, name);
      const pod = stored.object<Pod>();
      const host = pod.status?.podIPs?.[0]?.ip ?? '';
      if (!isGlobalUnicast(host)) throw badRequest('address not allowed');
      const protocol = scheme === 'https' ? 'https' : 'http';
      return { protocol, host, port: port === '' ? firstPort(pod) : port, transport };
    },
  });
}

function firstPort(pod: Pod): string {
  const first = pod.spec?.containers.find((c) => (c.ports ?? []).length > 0);
  return String(first?.ports?.[0]?.containerPort ?? '');
}
