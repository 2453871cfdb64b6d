/** v1 Service. Its `proxy` subresource is handled apart. */
import type { Service } from '../../../machinery/schema/wire.ts';
import { defineResource, type ResourceDefinition } from '../resource.ts';
import { serviceColumns } from './service/service-columns.ts';

/** Where addresses and ports of services come from. */
export interface ServiceNetworkOptions {
  /** The primary range: `10.0.0.0/16`; a second one of the other family after a comma. */
  readonly serviceClusterIpRange: string;
  /** `30000-32767`. */
  readonly nodePortRange: string;
}

/** The Service resource of one server. */
export function createServices(_options: ServiceNetworkOptions): ResourceDefinition<Service> {
  return defineResource<Service>({
    group: '',
    version: 'v1',
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    namespaced: true,
    storagePrefix: '/registry/services/specs',
    createOnUpdate: true,
    deleteReturnsObject: true,
    selectableFields: {
      'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
      'spec.type': (service) => service.spec?.type ?? '',
    },
    prepareForCreate: (next) => {
      next.status = { loadBalancer: {} };
    },
    status: {},
    columns: serviceColumns,
  });
}
