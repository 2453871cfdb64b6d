/**
 * The metric types of autoscaling/v1. They are no longer in the API, only in the annotations of v1
 * objects; field order is that of the JSON the real server writes.
 */
import type { LabelSelector, MetricSpec, MetricStatus } from '../../../machinery/schema/wire.ts';

interface Reference {
  kind: string;
  name: string;
  apiVersion?: string;
}

interface V1Resource {
  name: string;
  targetAverageUtilization?: number;
  targetAverageValue?: string;
}

interface V1ResourceStatus {
  name: string;
  currentAverageUtilization?: number;
  currentAverageValue?: string;
}

export interface V1MetricSpec {
  type: string;
  object?: {
    target: Reference;
    metricName: string;
    targetValue?: string;
    selector?: LabelSelector;
    averageValue?: string;
  };
  pods?: { metricName: string; targetAverageValue?: string; selector?: LabelSelector };
  resource?: V1Resource;
  containerResource?: V1Resource & { container: string };
  external?: {
    metricName: string;
    metricSelector?: LabelSelector;
    targetValue?: string;
    targetAverageValue?: string;
  };
}

export interface V1MetricStatus {
  type: string;
  object?: {
    target: Reference;
    metricName: string;
    currentValue?: string;
    selector?: LabelSelector;
    averageValue?: string;
  };
  pods?: { metricName: string; currentAverageValue?: string; selector?: LabelSelector };
  resource?: V1ResourceStatus;
  containerResource?: V1ResourceStatus & { container: string };
  external?: {
    metricName: string;
    metricSelector?: LabelSelector;
    currentValue?: string;
    currentAverageValue?: string;
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined. */
function some<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;
}

export function metricToV1(m: MetricSpec): V1MetricSpec {
  const { object, pods, resource, containerResource, external } = m;
  return {
    type: m.type,
    ...some({
      object: object && {
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        ...some({ selector: object.metric.selector, averageValue: object.target.averageValue }),
      },
      pods: pods && {
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? '0',
        ...some({ selector: pods.metric.selector }),
      },
      resource: resource && resourceToV1(resource),
      containerResource: containerResource && {
        ...resourceToV1(containerResource),
        container: containerResource.container,
      },
      external: external && {
        metricName: external.metric.name,
        ...some({
          metricSelector: external.metric.selector,
          targetValue: external.target.value,
          targetAverageValue: external.target.averageValue,
        }),
      },
    }),
  };
}

function resourceToV1(r: NonNullable<MetricSpec['resource']>): V1Resource {
  return {
    name: r.name,
    ...some({
      targetAverageUtilization: r.target.averageUtilization,
      targetAverageValue: r.target.averageValue,
    }),
  };
}

export function metricFromV1(m: V1MetricSpec): MetricSpec {
  const { object, pods, resource, containerResource, external } = m;
  return {
    type: m.type,
    ...some({
      object: object && objectFromV1(object),
      pods: pods && {
        metric: { name: pods.metricName ?? '', ...some({ selector: pods.selector }) },
        target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? '0' },
      },
      resource: resource && resourceFromV1(resource),
      containerResource: containerResource && {
        ...resourceFromV1(containerResource),
        container: containerResource.container ?? '',
      },
      external: external && {
        metric: {
          name: external.metricName ?? '',
          ...some({ selector: external.metricSelector }),
        },
        target: {
          type: external.targetValue === undefined ? 'AverageValue' : 'Value',
          ...some({ value: external.targetValue, averageValue: external.targetAverageValue }),
        },
      },
    }),
  };
}

function objectFromV1(
  object: NonNullable<V1MetricSpec['object']>,
): NonNullable<MetricSpec['object']> {
  const { averageValue } = object;
  const value = object.targetValue ?? '0';
  // v1 cannot leave the value out: with an average a zero says nothing.
  const target =
    averageValue === undefined
      ? { type: 'Value', value }
      : { type: 'AverageValue', ...(value === '0' ? {} : { value }), averageValue };
  return {
    describedObject: object.target ?? { kind: '', name: '' },
    target,
    metric: { name: object.metricName ?? '', ...some({ selector: object.selector }) },
  };
}

function resourceFromV1(r: V1Resource): NonNullable<MetricSpec['resource']> {
  const { targetAverageUtilization: utilization, targetAverageValue: value } = r;
  return {
    name: r.name ?? '',
    target: {
      type: utilization === undefined ? 'AverageValue' : 'Utilization',
      ...some({ averageValue: value, averageUtilization: utilization }),
    },
  };
}

export function metricStatusToV1(m: MetricStatus): V1MetricStatus {
  const { object, pods, resource, containerResource, external } = m;
  return {
    type: m.type,
    ...some({
      object: object && {
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        ...some({ selector: object.metric.selector, averageValue: object.current.averageValue }),
      },
      pods: pods && {
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? '0',
        ...some({ selector: pods.metric.selector }),
      },
      resource: resource && resourceStatusToV1(resource),
      containerResource: containerResource && {
        ...resourceStatusToV1(containerResource),
        container: containerResource.container,
      },
      external: external && {
        metricName: external.metric.name,
        ...some({ metricSelector: external.metric.selector }),
        currentValue: external.current.value ?? '0',
        ...some({ currentAverageValue: external.current.averageValue }),
      },
    }),
  };
}

function resourceStatusToV1(r: NonNullable<MetricStatus['resource']>): V1ResourceStatus {
  return {
    name: r.name,
    ...some({ currentAverageUtilization: r.current.averageUtilization }),
    currentAverageValue: r.current.averageValue ?? '0',
  };
}

export function metricStatusFromV1(m: V1MetricStatus): MetricStatus {
  const { object, pods, resource, containerResource, external } = m;
  return {
    type: m.type,
    ...some({
      object: object && {
        metric: { name: object.metricName ?? '', ...some({ selector: object.selector }) },
        current: {
          value: object.currentValue ?? '0',
          ...some({ averageValue: object.averageValue }),
        },
        describedObject: object.target ?? { kind: '', name: '' },
      },
      pods: pods && {
        metric: { name: pods.metricName ?? '', ...some({ selector: pods.selector }) },
        current: { averageValue: pods.currentAverageValue ?? '0' },
      },
      resource: resource && resourceStatusFromV1(resource),
      containerResource: containerResource && {
        ...resourceStatusFromV1(containerResource),
        container: containerResource.container ?? '',
      },
      external: external && {
        metric: {
          name: external.metricName ?? '',
          ...some({ selector: external.metricSelector }),
        },
        current: {
          value: external.currentValue ?? '0',
          ...some({ averageValue: external.currentAverageValue }),
        },
      },
    }),
  };
}

function resourceStatusFromV1(r: V1ResourceStatus): NonNullable<MetricStatus['resource']> {
  return {
    name: r.name ?? '',
    current: {
      averageValue: r.currentAverageValue ?? '0',
      ...some({ averageUtilization: r.currentAverageUtilization }),
    },
  };
}
