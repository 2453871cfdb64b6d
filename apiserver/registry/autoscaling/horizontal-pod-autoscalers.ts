/** autoscaling/v2 HorizontalPodAutoscaler; autoscaling/v1 is a view of it. */
import { deepCopy } from '../../../machinery/meta/copy.ts';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import { applyDefaults } from '../../../machinery/schema/defaults.ts';
import type { HorizontalPodAutoscalerV2 } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { metricsText } from './hpa-metrics-text.ts';
import { autoscalingV1, dropRoundTripAnnotations } from './hpa-v1.ts';
import { validateHpa, validateHpaStatus } from './hpa-validation.ts';

const spec = '@autoscaling/v2.HorizontalPodAutoscalerSpec';

export const horizontalPodAutoscalers = defineResource<HorizontalPodAutoscalerV2>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  versions: [autoscalingV1],
  prepareForCreate: dropRoundTripAnnotations,
  prepareForUpdate: dropRoundTripAnnotations,
  defaultOnRead: defaultBehavior,
  validate: (next) => validateHpa(next, undefined),
  validateUpdate: validateHpa,
  status: { validateUpdate: validateHpaStatus },
  columns: [
    nameColumn(),
    column(
      'Reference',
      `${spec}.scaleTargetRef`,
      (hpa) => `${hpa.spec?.scaleTargetRef.kind}/${hpa.spec?.scaleTargetRef.name}`,
    ),
    column('Targets', `${spec}.metrics`, (hpa) =>
      metricsText(hpa.spec?.metrics ?? [], hpa.status?.currentMetrics ?? []),
    ),
    column('MinPods', `${spec}.minReplicas`, (hpa) => String(hpa.spec?.minReplicas ?? '<unset>')),
    column('MaxPods', `${spec}.maxReplicas`, (hpa) => hpa.spec?.maxReplicas ?? 0),
    column(
      'Replicas',
      '@autoscaling/v2.HorizontalPodAutoscalerStatus.currentReplicas',
      (hpa) => hpa.status?.currentReplicas ?? 0,
    ),
    ageColumn(),
  ],
});

/** A behavior that came in an annotation, through v1, has seen none of v2's defaults. */
function defaultBehavior(hpa: HorizontalPodAutoscalerV2): boolean {
  const behavior = hpa.spec?.behavior;
  if (behavior === undefined) return false;
  const sent = deepCopy(behavior);
  applyDefaults('autoscaling/v2', 'HorizontalPodAutoscaler', hpa);
  return !deepEqual(sent, hpa.spec.behavior);
}
