/** policy/v1 PodDisruptionBudget. */
import { nameIsPathSegment } from '../../../machinery/meta/names.ts';
import type { PodDisruptionBudget } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validatePodDisruptionBudget,
  validatePodDisruptionBudgetStatus,
} from './pod-disruption-budget-validation.ts';

export const podDisruptionBudgets = defineResource<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  metadataChecks: [],
  metadataLast: true,
  shortNames: ['pdb'],
  namespaced: true,
  anyFinalizer: true,
  unconditionalUpdate: false,
  nameRule: nameIsPathSegment,
  validate: (next) => validatePodDisruptionBudget(next, undefined),
  validateUpdate: validatePodDisruptionBudget,
  generationOf: (pdb) => ({ spec: pdb.spec }),
  status: { metadataChecks: [], validateUpdate: validatePodDisruptionBudgetStatus },
  columns: [
    nameColumn(),
    column('Min Available', 'The minimum number of pods that must be available.', (pdb) =>
      String(pdb.spec?.minAvailable ?? 'N/A'),
    ),
    column('Max Unavailable', 'The maximum number of pods that may be unavailable.', (pdb) =>
      String(pdb.spec?.maxUnavailable ?? 'N/A'),
    ),
    column(
      'Allowed Disruptions',
      'Calculated number of pods that may be disrupted at this time.',
      (pdb) => pdb.status?.disruptionsAllowed ?? 0,
      { type: 'integer' },
    ),
    ageColumn(),
  ],
});
