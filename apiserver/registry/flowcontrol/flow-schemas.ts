/** flowcontrol.apiserver.k8s.io/v1 FlowSchema. */
import type { FlowSchema } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadata, specAndMetadata } from '../status-metadata.ts';
import { validateConditionTypes, validateFlowSchema } from './flow-schema-validation.ts';

export const flowSchemas = defineResource<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  generationOf: (fs) => ({ spec: fs.spec }),
  metadataChecks: ['whole'],
  validate: validateFlowSchema,
  validateUpdate: validateFlowSchema,
  status: {
    metadataChecks: ['whole'],
    resetFields: specAndMetadata,
    prepareForUpdate: keepMetadata,
    validateUpdate: (next) => validateConditionTypes(next.status?.conditions),
  },
  columns: [
    nameColumn(),
    column(
      'PriorityLevel',
      '@flowcontrol/v1.PriorityLevelConfigurationReference.name',
      (fs) => fs.spec?.priorityLevelConfiguration.name ?? '',
    ),
    column(
      'MatchingPrecedence',
      '@flowcontrol/v1.FlowSchemaSpec.matchingPrecedence',
      (fs) => fs.spec?.matchingPrecedence ?? 0,
    ),
    column(
      'DistinguisherMethod',
      '@flowcontrol/v1.FlowSchemaSpec.distinguisherMethod',
      (fs) => fs.spec?.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn(),
    column(
      'MissingPL',
      'references a broken or non-existent PriorityLevelConfiguration',
      (fs) => fs.status?.conditions?.find((c) => c.type === 'Dangling')?.status ?? '?',
    ),
  ],
});
