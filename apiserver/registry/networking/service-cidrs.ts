/** networking.k8s.io/v1 ServiceCIDR. */
import type { ServiceCIDR } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadata, specAndMetadata } from '../status-metadata.ts';
import { validateServiceCidr, validateServiceCidrUpdate } from './service-cidr-validation.ts';

export const serviceCidrs = defineResource<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  validate: validateServiceCidr,
  validateUpdate: validateServiceCidrUpdate,
  status: { resetFields: specAndMetadata, prepareForUpdate: keepMetadata },
  columns: [
    nameColumn(),
    column('CIDRs', '@networking/v1.ServiceCIDRSpec.cidrs', (c) => (c.spec?.cidrs ?? []).join(',')),
    ageColumn(),
  ],
});
