/** scheduling.k8s.io/v1 PriorityClass. */
import type { PriorityClass } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validatePriorityClass, validatePriorityClassUpdate } from './priority-class-validation.ts';

export const priorityClasses = defineResource<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  // Generation 1 for ever: nothing raises it.
  generationOf: () => ({}),
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
  columns: [
    nameColumn(),
    column('Value', '@scheduling/v1.PriorityClass.value', (c) => c.value ?? 0, {
      type: 'integer',
    }),
    column(
      'Global-Default',
      '@scheduling/v1.PriorityClass.globalDefault',
      (c) => c.globalDefault ?? false,
      { type: 'boolean' },
    ),
    ageColumn(),
    column(
      'PreemptionPolicy',
      '@scheduling/v1.PriorityClass.preemptionPolicy',
      (c) => c.preemptionPolicy ?? '',
    ),
  ],
});
