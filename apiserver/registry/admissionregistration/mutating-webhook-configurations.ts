/** admissionregistration.k8s.io/v1 MutatingWebhookConfiguration. */
import type { MutatingWebhookConfiguration } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { staticNameWarnings } from './static-name-warning.ts';
import {
  validateWebhookConfiguration,
  validateWebhookConfigurationUpdate,
} from './webhook-validation.ts';

export const mutatingWebhookConfigurations = defineResource<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  metadataChecks: ['whole'],
  categories: ['api-extensions'],
  namespaced: false,
  actsAtOnce: true,
  anyFinalizer: true,
  unconditionalUpdate: false,
  generationOf: (c) => ({ webhooks: c.webhooks }),
  generationTellsEmpty: true,
  validate: validateWebhookConfiguration,
  validateUpdate: validateWebhookConfigurationUpdate,
  warnings: staticNameWarnings,
  columns: [
    nameColumn(),
    column(
      'Webhooks',
      'Webhooks indicates the number of webhooks registered in this configuration',
      (c) => c.webhooks?.length ?? 0,
      { type: 'integer' },
    ),
    ageColumn(),
  ],
});
