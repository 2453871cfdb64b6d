/** v1 Service. Its `proxy` subresource is handled apart. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { ipWarnings } from '../../../machinery/meta/ip.ts';
import { nameIsDnsLabel } from '../../../machinery/meta/names.ts';
import type { Service } from '../../../machinery/schema/wire.ts';
import { defineResource, type ResourceDefinition } from '../resource.ts';
import { AddressRange } from './service/address-range.ts';
import { ClusterIpAllocator } from './service/cluster-ips.ts';
import { NodePortAllocator } from './service/node-ports.ts';
import {
  allocateForCreate,
  allocateForUpdate,
  releaseAll,
  type ServiceAllocators,
} from './service/service-allocation.ts';
import { serviceColumns } from './service/service-columns.ts';
import { dropTypeDependentFields } from './service/service-update.ts';
import {
  serviceWarnings,
  validateService,
  validateServiceStatusUpdate,
  validateServiceUpdate,
} from './service/service-validation.ts';

/** Where addresses and ports of services come from. */
export interface ServiceNetworkOptions {
  /** The primary range: `10.0.0.0/16`; a second one of the other family after a comma. */
  readonly serviceClusterIpRange: string;
  /** `30000-32767`. */
  readonly nodePortRange: string;
}

/** The Service resource of one server. Throws RangeError for ranges that are none. */
export function createServices(options: ServiceNetworkOptions): ResourceDefinition<Service> {
  const allocators = allocatorsOf(options);
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
    // RelaxedServiceNameValidation: names may begin with a digit.
    nameRule: nameIsDnsLabel,
    selectableFields: {
      'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
      'spec.type': (service) => service.spec?.type ?? '',
    },
    // The status subresource allocates nothing, even where it creates.
    beginCreate: async (next, ctx) =>
      ctx.subresource === '' ? await allocateForCreate(next, allocators, ctx) : undefined,
    beginUpdate: async (next, prev, ctx) =>
      ctx.subresource === '' ? await allocateForUpdate(next, prev, allocators, ctx) : undefined,
    afterDelete: (service, ctx) => releaseAll(service, allocators, ctx),
    prepareForCreate: (next) => {
      next.status = { loadBalancer: {} };
    },
    prepareForUpdate: dropTypeDependentFields,
    validate: (service) => validateService(service),
    validateUpdate: validateServiceUpdate,
    canonicalize: (service) => {
      // Set by defaulting before the type changed; never shown.
      if (service.spec?.type === 'ExternalName') delete service.spec.internalTrafficPolicy;
    },
    warnings: serviceWarnings,
    status: {
      validateUpdate: validateServiceStatusUpdate,
      warnings: (service) =>
        (service.status?.loadBalancer?.ingress ?? []).flatMap((one, i) =>
          one.ip
            ? ipWarnings(one.ip, FieldPath.of('status', 'loadBalancer', 'ingress').index(i))
            : [],
        ),
    },
    columns: serviceColumns,
  });
}

function allocatorsOf(options: ServiceNetworkOptions): ServiceAllocators {
  const ranges = options.serviceClusterIpRange.split(',').map((text) => {
    const range = AddressRange.parse(text.trim());
    if (range === undefined) throw new RangeError(`"${text}" is no CIDR block (10.0.0.0/16)`);
    return range;
  });
  if (new Set(ranges.map((r) => r.family)).size !== ranges.length) {
    throw new RangeError('service ranges must be of different IP families');
  }
  return {
    clusterIps: new ClusterIpAllocator(ranges),
    nodePorts: new NodePortAllocator(options.nodePortRange),
  };
}
