/** `nodes/proxy`: the kubelet of a node, or another port of it. */
import { lookup } from 'node:dns/promises';
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { Kubelets } from './kubelets.ts';
import { isGlobalUnicast } from './proxying/allowed-address.ts';
import type { Transport } from './proxying/backend.ts';
import { parseProxyName, proxySubresource } from './proxying/proxy.ts';

/** `transport`: for ports that are not the kubelet's. */
export function nodeProxy(kubelets: Kubelets, transport: Transport): Subresource {
  return proxySubresource({
    resource: 'nodes',
    kind: 'NodeProxyOptions',
    async locate(call) {
      const { scheme, name, port } = parseProxyName(call.name, 'node');
      const kubelet = await kubelets.of(name, 'nodes');
      await checkHost(kubelet.host);
      if (port === '' || port === kubelet.port) return kubelet;
      const protocol = scheme === 'https' ? 'https' : 'http';
      return { protocol, host: kubelet.host, port, transport };
    },
  });
}

async function checkHost(host: string): Promise<void> {
  let addresses: { address: string }[];
  try {
    addresses = await lookup(host, { all: true });
  } catch {
    throw badRequest(`lookup ${host}: no such host`);
  }
  if (addresses.length === 0) throw badRequest('no addresses for hostname');
  if (!addresses.every((a) => isGlobalUnicast(a.address))) throw badRequest('address not allowed');
}
