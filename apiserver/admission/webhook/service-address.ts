/** Where a service of a webhook is reached: at its cluster IP (k8s.io/apiserver/pkg/util/proxy). */
import { notFound } from '../../../machinery/meta/status-error.ts';
import type { Service } from '../../../machinery/schema/wire.ts';
import type { Address } from '../../webhook/tls-agent.ts';

const clusterTypes = new Set(['ClusterIP', 'LoadBalancer', 'NodePort']);

/** The address of a service's port. Throws an Error with the real server's text. */
export function serviceAddress(service: Service | undefined, name: string, port: number): Address {
  if (service === undefined) throw notFound({ group: '', resource: 'service' }, name);
  const { type = '', clusterIP = '', externalName = '', ports = [] } = service.spec ?? {};
  if (type === 'ExternalName') return { host: externalName, port };
  if (!clusterTypes.has(type)) throw new Error(`unsupported service type ${JSON.stringify(type)}`);
  if (type === 'ClusterIP' && clusterIP === 'None') {
    throw new Error('cannot route to service with ClusterIP "None"');
  }
  if (!ports.some((p) => p.port === port)) {
    throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  }
  return { host: clusterIP, port };
}
