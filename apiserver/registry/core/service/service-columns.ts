/** The table of services. */
import type { Service, ServicePort } from '../../../../machinery/schema/wire.ts';
import { ageColumn, labelsText } from '../../columns.ts';
import { type Column, nameColumn } from '../../resource.ts';

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn(),
  {
    name: 'Type',
    description: '@core/v1.ServiceSpec.type',
    cell: (service) => service.spec?.type ?? '',
  },
  {
    name: 'Cluster-IP',
    description: '@core/v1.ServiceSpec.clusterIP',
    cell: (service) => service.spec?.clusterIPs?.[0] ?? '<none>',
  },
  {
    name: 'External-IP',
    description: '@core/v1.ServiceSpec.externalIPs',
    cell: externalText,
  },
  {
    name: 'Port(s)',
    description: '@core/v1.ServiceSpec.ports',
    cell: (service) => (service.spec?.ports ?? []).map(portText).join(',') || '<none>',
  },
  ageColumn(),
  {
    name: 'Selector',
    priority: 1,
    description: '@core/v1.ServiceSpec.selector',
    cell: (service) => labelsText(service.spec?.selector),
  },
];

function externalText(service: Service): string {
  const external = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.join(',') || '<none>';
    case 'LoadBalancer':
      return [...balancerAddresses(service), ...external].join(',') || '<pending>';
    case 'ExternalName':
      return service.spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function balancerAddresses(service: Service): string[] {
  const addresses = (service.status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname);
  return [...new Set(addresses.filter((a): a is string => !!a))].sort();
}

function portText(port: ServicePort): string {
  const numbers = (port.nodePort ?? 0) > 0 ? `${port.port}:${port.nodePort}` : `${port.port}`;
  return `${numbers}/${port.protocol}`;
}
