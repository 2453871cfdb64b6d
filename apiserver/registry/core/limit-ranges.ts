/** v1 LimitRange. */
import { randomUUID } from 'node:crypto';
import type { LimitRange } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { validateLimits } from './limit-range-validation.ts';

export const limitRanges = defineResource<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  metadataChecks: ['whole'],
  shortNames: ['limits'],
  namespaced: true,
  createOnUpdate: true,
  prepareForCreate: (next) => {
    next.metadata ??= {};
    if (!next.metadata.name) next.metadata.name = randomUUID();
  },
  validate: (next) => validateLimits(next.spec?.limits ?? []),
  validateUpdate: (next) => validateLimits(next.spec?.limits ?? []),
});
