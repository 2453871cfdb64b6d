/** resource.k8s.io/v1 ResourceClaimTemplate. */
import type { ResourceClaimTemplate } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { notedProblems } from '../noted-problems.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { adminAccessInSpec, checkAdminAccess } from './admin-access.ts';
import { validateClaimTemplate, validateClaimTemplateUpdate } from './claim-validation.ts';

export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  metadataChecks: ['whole', 'change'],
  deleteReturnsObject: true,
  validate: (next) => [...notedProblems(next), ...validateClaimTemplate(next)],
  validateUpdate: validateClaimTemplateUpdate,
  beginCreate: async (next, ctx) => {
    await checkAdminAccess(adminAccessInSpec(next.spec.spec), next, ctx);
    return undefined;
  },
  columns: [nameColumn(), ageColumn()],
});
