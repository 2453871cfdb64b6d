/** The Targets cell of a HorizontalPodAutoscaler: what is measured against what is wanted. */
import type {
  HorizontalPodAutoscalerV2,
  MetricSpec,
  MetricStatus,
} from '../../../machinery/schema/wire.ts';

/** How many metrics are shown before `+ n more...`. */
const shownMetrics = 2;

/** `cpu: 40%/80%, 12/30 + 1 more...`; `<none>` without metrics. */
export function metricsText(
  specs: readonly MetricSpec[],
  statuses: NonNullable<NonNullable<HorizontalPodAutoscalerV2['status']>['currentMetrics']>,
): string {
  if (specs.length === 0) return '<none>';
  const shown = specs.slice(0, shownMetrics).map((spec, i) => metricText(spec, statuses[i]));
  const rest = specs.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} + ${rest} more...` : shown.join(', ');
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external?.target, status?.external?.current);
    case 'Object':
      return valueText(spec.object?.target, status?.object?.current);
    case 'Pods':
      return (
        `${status?.pods?.current.averageValue ?? '<unknown>'}/` +
        (spec.pods?.target.averageValue ?? '0')
      );
    case 'Resource':
      return resourceText(spec.resource, status?.resource);
    case 'ContainerResource':
      return resourceText(spec.containerResource, status?.containerResource);
    default:
      return '<unknown type>';
  }
}

interface Amounts {
  value?: string;
  averageValue?: string;
  averageUtilization?: number;
}

function valueText(target: Amounts | undefined, current: Amounts | undefined): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`;
  }
  return `${current?.value ?? '<unknown>'}/${target?.value ?? '0'}`;
}

function resourceText(
  spec: { name: string; target: Amounts } | undefined,
  status: { current: Amounts } | undefined,
): string {
  const name = spec?.name ?? '';
  if (spec?.target.averageValue !== undefined) {
    return `${name}: ${status?.current.averageValue ?? '<unknown>'}/${spec.target.averageValue}`;
  }
  const used = status?.current.averageUtilization;
  const wanted = spec?.target.averageUtilization;
  const current = used === undefined ? '<unknown>' : `${used}%`;
  return `${name}: ${current}/${wanted === undefined ? '<auto>' : `${wanted}%`}`;
}
