/** v1 LimitRange. */
import { randomUUID } from 'node:crypto';
import { validateKubeFinalizers } from '../../../machinery/meta/object-meta-validation.ts';
import type { LimitRange } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { validateMetaAgain } from './field-checks.ts';
import { validateLimits } from './limit-range-validation.ts';

export const limitRanges = defineResource<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  checksMetadataAgain: false,
  // Checked here: an update says it as often as the real server does.
  anyFinalizer: true,
  shortNames: ['limits'],
  namespaced: true,
  createOnUpdate: true,
  prepareForCreate: (next) => {
    next.metadata ??= {};
    if (!next.metadata.name) next.metadata.name = randomUUID();
  },
  validate: (next) => [
    ...validateKubeFinalizers(next.metadata?.finalizers),
    ...validateLimits(next.spec?.limits ?? []),
  ],
  validateUpdate: (next) => [
    ...validateMetaAgain(next),
    ...validateLimits(next.spec?.limits ?? []),
  ],
});
