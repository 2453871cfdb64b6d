/**
 * autoscaling/v1 HorizontalPodAutoscaler as a view of the v2 object: what v1 has no field for
 * travels in annotations, with the keys and the JSON that the real server writes there.
 */
import { layOutMetadata } from '../../../machinery/meta/metadata-order.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV2,
  KubeObject,
  MetricSpec,
  MetricStatus,
} from '../../../machinery/schema/wire.ts';
import type { VersionConversion } from '../resource.ts';
import { behaviorFromAnnotation, behaviorToAnnotation } from './hpa-v1-behavior.ts';
import {
  metricFromV1,
  metricStatusFromV1,
  metricStatusToV1,
  metricToV1,
  type V1MetricSpec,
  type V1MetricStatus,
} from './hpa-v1-metrics.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const metricsKey = `${prefix}metrics`;
const currentMetricsKey = `${prefix}current-metrics`;
const conditionsKey = `${prefix}conditions`;
const behaviorKey = `${prefix}behavior`;
const roundTripKeys = [
  metricsKey,
  behaviorKey,
  `${prefix}scale-down-tolerance`,
  `${prefix}scale-up-tolerance`,
  currentMetricsKey,
  conditionsKey,
];

/** The CPU target of an autoscaler without any metric (upstream: DefaultCPUUtilization). */
const defaultCpuUtilization = 80;

type Spec = NonNullable<HorizontalPodAutoscalerV2['spec']>;
type Status = NonNullable<HorizontalPodAutoscalerV2['status']>;

/** The v1 face of the stored v2 object. */
export const autoscalingV1: VersionConversion = {
  group: 'autoscaling',
  version: 'v1',
  toStored: (object) => toV2(object as HorizontalPodAutoscaler),
  fromStored: (object) => toV1(object as HorizontalPodAutoscalerV2),
};

/** Removes the annotations that only carry v2 fields through v1; changes the object in place. */
export function dropRoundTripAnnotations(object: KubeObject): void {
  const annotations = object.metadata?.annotations;
  if (annotations === undefined || !roundTripKeys.some((k) => k in annotations)) return;
  const kept = Object.entries(annotations).filter(([k]) => !roundTripKeys.includes(k));
  if (kept.length === 0) delete object.metadata!.annotations;
  else object.metadata!.annotations = Object.fromEntries(kept);
}

function isCpuUtilization(metric: MetricSpec): boolean {
  const resource = metric.type === 'Resource' ? metric.resource : undefined;
  return resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
}

function toV1(v2: HorizontalPodAutoscalerV2): HorizontalPodAutoscaler {
  const { spec, status } = v2;
  const metrics = spec.metrics ?? [];
  const v1: HorizontalPodAutoscaler = {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v1',
    metadata: { ...v2.metadata },
    spec: specToV1(spec, metrics.find(isCpuUtilization)),
    status: statusToV1(status),
  };
  dropRoundTripAnnotations(v1);
  const others = metrics.filter((m) => !isCpuUtilization(m)).map(metricToV1);
  const added: Record<string, string> = {};
  if (others.length > 0) added[metricsKey] = encode(others);
  if ((status?.currentMetrics?.length ?? 0) > 0) {
    added[currentMetricsKey] = encode(status!.currentMetrics!.map(metricStatusToV1));
  }
  if (spec.behavior !== undefined) {
    added[behaviorKey] = encode(behaviorToAnnotation(spec.behavior));
  }
  if ((status?.conditions?.length ?? 0) > 0) {
    added[conditionsKey] = encode(status!.conditions!.map(conditionForAnnotation));
  }
  if (Object.keys(added).length > 0) {
    v1.metadata = { ...v1.metadata, annotations: { ...v1.metadata?.annotations, ...added } };
    layOutMetadata(v1.metadata);
  }
  return v1;
}

function specToV1(
  spec: Spec,
  cpu: MetricSpec | undefined,
): NonNullable<HorizontalPodAutoscaler['spec']> {
  const target = cpu?.resource?.target.averageUtilization;
  return {
    scaleTargetRef: spec.scaleTargetRef,
    ...(spec.minReplicas === undefined ? {} : { minReplicas: spec.minReplicas }),
    maxReplicas: spec.maxReplicas,
    ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }),
  };
}

function statusToV1(status: Status | undefined): NonNullable<HorizontalPodAutoscaler['status']> {
  const cpu = (status?.currentMetrics ?? []).findLast(
    (m) =>
      m.type === 'Resource' &&
      m.resource?.name === 'cpu' &&
      m.resource.current.averageUtilization !== undefined,
  );
  return {
    ...pick(status, 'observedGeneration'),
    ...pick(status, 'lastScaleTime'),
    currentReplicas: status?.currentReplicas ?? 0,
    desiredReplicas: status?.desiredReplicas ?? 0,
    ...(cpu === undefined
      ? {}
      : { currentCPUUtilizationPercentage: cpu.resource!.current.averageUtilization! }),
  };
}

function toV2(v1: HorizontalPodAutoscaler): HorizontalPodAutoscalerV2 {
  const annotations = v1.metadata?.annotations ?? {};
  const cpu = v1.spec.targetCPUUtilizationPercentage;
  const others = decodeList<V1MetricSpec>(annotations[metricsKey])?.map(metricFromV1) ?? [];
  const metrics = cpu === undefined ? others : [...others, cpuMetric(cpu)];
  const behavior = behaviorFromAnnotation(decode(annotations[behaviorKey]));
  const v2: HorizontalPodAutoscalerV2 = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...v1.metadata },
    spec: {
      scaleTargetRef: v1.spec.scaleTargetRef,
      ...pick(v1.spec, 'minReplicas'),
      maxReplicas: v1.spec.maxReplicas,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(defaultCpuUtilization)],
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: statusToV2(v1, annotations),
  };
  dropRoundTripAnnotations(v2);
  return v2;
}

function statusToV2(
  v1: HorizontalPodAutoscaler,
  annotations: Readonly<Record<string, string>>,
): Status {
  const { status } = v1;
  const cpu = status?.currentCPUUtilizationPercentage;
  let currentMetrics: MetricStatus[] | undefined =
    cpu === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }];
  const annotated = decodeList<V1MetricStatus>(annotations[currentMetricsKey]);
  if (annotated !== undefined) currentMetrics = annotated.map(metricStatusFromV1);
  const conditions = decodeList<Condition>(annotations[conditionsKey]);
  return {
    ...pick(status, 'observedGeneration'),
    ...pick(status, 'lastScaleTime'),
    currentReplicas: status?.currentReplicas ?? 0,
    desiredReplicas: status?.desiredReplicas ?? 0,
    ...(currentMetrics === undefined ? {} : { currentMetrics }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function cpuMetric(averageUtilization: number): MetricSpec {
  return {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
  };
}

type Condition = NonNullable<Status['conditions']>[number];

function conditionForAnnotation(c: Condition): Record<string, unknown> {
  return {
    type: c.type,
    status: c.status,
    lastTransitionTime: c.lastTransitionTime ?? null,
    ...pick(c, 'reason'),
    ...pick(c, 'message'),
  };
}

function pick<T extends object, K extends keyof T>(from: T | undefined, key: K): Partial<T> {
  return from?.[key] === undefined ? {} : ({ [key]: from[key] } as unknown as Partial<T>);
}

/** JSON as Go's encoder writes it into an annotation: `<`, `>` and `&` escaped. */
function encode(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What stands in an annotation; undefined when it is not JSON: it is ignored then. */
function decode(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decodeList<T extends object>(text: string | undefined): T[] | undefined {
  const value = decode(text);
  return Array.isArray(value) && value.every(isTyped) ? (value as T[]) : undefined;
}

/** What does not decode in Go makes the whole list be ignored. */
function isTyped(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['string', 'undefined'].includes(typeof (value as { type?: unknown }).type);
}
