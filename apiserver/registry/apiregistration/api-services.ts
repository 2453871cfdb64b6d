/** apiregistration.k8s.io/v1 APIService. */
import type { APIService } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadataFields } from '../status-metadata.ts';
import { validateApiService, validateApiServiceStatus } from './api-service-validation.ts';
import { localAvailable } from './builtin-api-services.ts';

export const apiServices = defineResource<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  // Its own rules look at metadata: the name follows from the spec.
  metadataLast: true,
  validate: validateApiService,
  validateUpdate: validateApiService,
  storagePrefix: '/registry/apiregistration.k8s.io/apiservices',
  unconditionalUpdate: false,
  prepareForCreate: (next, ctx) => {
    next.status = next.spec?.service === undefined ? localAvailable(ctx.now) : {};
  },
  status: {
    withoutTable: true,
    resetFields: [['metadata'], ['spec']],
    prepareForUpdate: (next, prev) =>
      keepMetadataFields(next, prev, ['labels', 'annotations', 'finalizers', 'ownerReferences']),
    validateUpdate: validateApiServiceStatus,
  },
  columns: [
    nameColumn(),
    column('Service', 'The reference to the service that hosts this API endpoint.', (s) => {
      const service = s.spec?.service;
      return service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`;
    }),
    column('Available', 'Whether this service is available.', availableText),
    ageColumn(),
  ],
});

function availableText(service: APIService): string {
  const condition = service.status?.conditions?.find((c) => c.type === 'Available');
  if (condition === undefined) return 'Unknown';
  if (condition.status === 'True' || !condition.reason) return condition.status;
  return `${condition.status} (${condition.reason})`;
}
