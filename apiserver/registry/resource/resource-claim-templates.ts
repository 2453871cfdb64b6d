/** resource.k8s.io/v1 ResourceClaimTemplate. */
import type { ResourceClaimTemplate } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';

export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  deleteReturnsObject: true,
  columns: [nameColumn(), ageColumn()],
});
