/** v1 Secret. */
import type { Secret } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { secretWarnings, validateSecret, validateSecretChange } from './secret-validation.ts';

export const secrets = defineResource<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  selectableFields: { type: (secret) => secret.type ?? '' },
  prepareForUpdate: (next, prev) => {
    if (!next.type && prev.type !== undefined) next.type = prev.type;
  },
  validate: (next) => validateSecret(next),
  validateUpdate: (next, prev) => [...validateSecretChange(next, prev), ...validateSecret(next)],
  warnings: secretWarnings,
  columns: [
    nameColumn(),
    {
      name: 'Type',
      description: '@core/v1.Secret.type',
      cell: (secret) => secret.type ?? '',
    },
    {
      name: 'Data',
      description: '@core/v1.Secret.data',
      cell: (secret) => Object.keys(secret.data ?? {}).length,
    },
    ageColumn(),
  ],
});
