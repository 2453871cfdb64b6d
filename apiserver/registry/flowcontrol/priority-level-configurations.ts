/** flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration. */
import type { PriorityLevelConfiguration } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadata, specAndMetadata } from '../status-metadata.ts';
import { validateConditionTypes } from './flow-schema-validation.ts';
import { validatePriorityLevel } from './priority-level-validation.ts';

const queuing = '@flowcontrol/v1.QueuingConfiguration';

export const priorityLevelConfigurations = defineResource<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  generationOf: (pl) => ({ spec: pl.spec }),
  metadataChecks: ['whole'],
  validate: validatePriorityLevel,
  validateUpdate: validatePriorityLevel,
  status: {
    metadataChecks: ['whole'],
    resetFields: specAndMetadata,
    prepareForUpdate: keepMetadata,
    validateUpdate: (next) => validateConditionTypes(next.status?.conditions),
  },
  columns: [
    nameColumn(),
    column(
      'Type',
      '@flowcontrol/v1.PriorityLevelConfigurationSpec.type',
      (pl) => pl.spec?.type ?? '',
    ),
    column(
      'NominalConcurrencyShares',
      '@flowcontrol/v1.LimitedPriorityLevelConfiguration.nominalConcurrencyShares',
      (pl) => pl.spec?.limited?.nominalConcurrencyShares ?? '<none>',
    ),
    column('Queues', `${queuing}.queues`, (pl) => queuingOf(pl)?.queues ?? '<none>'),
    column('HandSize', `${queuing}.handSize`, (pl) => queuingOf(pl)?.handSize ?? '<none>'),
    column(
      'QueueLengthLimit',
      `${queuing}.queueLengthLimit`,
      (pl) => queuingOf(pl)?.queueLengthLimit ?? '<none>',
    ),
    ageColumn(),
  ],
});

function queuingOf(pl: PriorityLevelConfiguration) {
  return pl.spec?.limited?.limitResponse?.queuing;
}
