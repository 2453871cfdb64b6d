/** The rules of the metrics that an autoscaler follows. */

import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import { isPathSegmentName } from '../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../machinery/meta/quantity.ts';
import type { MetricSpec } from '../../../machinery/schema/wire.ts';
import { invalidFor, validateDnsLabel } from '../core/field-checks.ts';
import { validateContainerResourceName } from '../core/resource-names.ts';
import { type Reference, validateObjectReference } from './object-reference.ts';

type Check = (ref: Reference) => string | undefined;
type Target = NonNullable<MetricSpec['external']>['target'];

/** Type of a metric -> the field that describes it, in the order texts list the types. */
const fieldOfType: Readonly<Record<string, SourceField>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
type SourceField = 'containerResource' | 'external' | 'object' | 'pods' | 'resource';
const types = Object.keys(fieldOfType);
/** In the order that they are looked at; only the first one is checked. */
const sourceFields = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

export function validateMetrics(
  metrics: readonly MetricSpec[],
  at: FieldPath,
  minReplicas: number | undefined,
  versionProblem: Check,
): FieldError[] {
  const errors = metrics.flatMap((m, i) => validateMetric(m, at.index(i), versionProblem));
  const wakes = metrics.some((m) => m.type === 'Object' || m.type === 'External');
  if (minReplicas === 0 && !wakes) {
    const text =
      'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbiddenField(at, text));
  }
  return errors;
}

function validateMetric(m: MetricSpec, at: FieldPath, versionProblem: Check): FieldError[] {
  const type = m.type ?? '';
  const typeAt = at.child('type');
  const expected = member(fieldOfType, type);
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(typeAt, 'must specify a metric source type'));
  if (expected === undefined) errors.push(notSupported(typeAt, type, types));
  const present = sourceFields.filter((f) => m[f] !== undefined);
  if (present[0] !== undefined) {
    errors.push(...validateSource(m, present[0], at.child(present[0]), versionProblem));
  }
  if (expected === undefined) errors.push(notSupported(typeAt, type, types));
  else if (m[expected] === undefined) {
    const text = 'must populate information for the given metric source';
    errors.push(required(at.child(expected), text));
  }
  if (present.length > 1) {
    for (const field of present.filter((f) => f !== expected)) {
      const text = 'must populate the given metric source only';
      errors.push(forbiddenField(at.child(field), text));
    }
  }
  return errors;
}

function validateSource(
  m: MetricSpec,
  field: SourceField,
  at: FieldPath,
  versionProblem: Check,
): FieldError[] {
  switch (field) {
    case 'object':
      return validateObject(m.object!, at, versionProblem);
    case 'external':
      return validateExternal(m.external!, at);
    case 'pods':
      return validatePods(m.pods!, at);
    case 'resource':
      return validateResource(m.resource!, at);
    case 'containerResource':
      return validateContainerResource(m.containerResource!, at);
  }
}

function validateObject(
  source: NonNullable<MetricSpec['object']>,
  at: FieldPath,
  versionProblem: Check,
): FieldError[] {
  const described = source.describedObject ?? { kind: '', name: '' };
  const target: Partial<Target> = source.target ?? {};
  const errors = [
    ...validateObjectReference(described, at.child('describedObject'), versionProblem),
    ...validateIdentifier(source.metric, at.child('metric')),
    ...validateTarget(target, at.child('target')),
  ];
  if (target.value === undefined && target.averageValue === undefined) {
    const text = 'must set either a target value or averageValue';
    errors.push(required(at.child('target', 'averageValue'), text));
  }
  return errors;
}

function validateExternal(
  source: NonNullable<MetricSpec['external']>,
  at: FieldPath,
): FieldError[] {
  const target: Partial<Target> = source.target ?? {};
  const errors = [
    ...validateIdentifier(source.metric, at.child('metric')),
    ...validateTarget(target, at.child('target')),
  ];
  if (target.value === undefined && target.averageValue === undefined) {
    const text = 'must set either a target value for metric or a per-pod target';
    errors.push(required(at.child('target', 'averageValue'), text));
  }
  if (target.value !== undefined && target.averageValue !== undefined) {
    const text = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbiddenField(at.child('target', 'value'), text));
  }
  return errors;
}

function validatePods(source: NonNullable<MetricSpec['pods']>, at: FieldPath): FieldError[] {
  const errors = [
    ...validateIdentifier(source.metric, at.child('metric')),
    ...validateTarget(source.target ?? {}, at.child('target')),
  ];
  if (source.target?.averageValue === undefined) {
    const text = 'must specify a positive target averageValue';
    errors.push(required(at.child('target', 'averageValue'), text));
  }
  return errors;
}

function validateResource(
  source: NonNullable<MetricSpec['resource']>,
  at: FieldPath,
): FieldError[] {
  const errors = source.name ? [] : [required(at.child('name'), 'must specify a resource name')];
  return [...errors, ...validateUsageTarget(source.target ?? {}, at.child('target'))];
}

function validateContainerResource(
  source: NonNullable<MetricSpec['containerResource']>,
  at: FieldPath,
): FieldError[] {
  const nameAt = at.child('name');
  const containerAt = at.child('container');
  return [
    ...(source.name
      ? validateContainerResourceName(source.name, nameAt)
      : [required(nameAt, 'must specify a resource name')]),
    ...(source.container
      ? validateDnsLabel(source.container, containerAt)
      : [required(containerAt, 'must specify a container')]),
    ...validateUsageTarget(source.target ?? {}, at.child('target')),
  ];
}

/** The target of a resource: either a utilization or an amount. */
function validateUsageTarget(target: Partial<Target>, at: FieldPath): FieldError[] {
  const errors = validateTarget(target, at);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined) {
    const text = 'must set either a target raw value or a target utilization';
    errors.push(required(at.child('averageUtilization'), text));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const text = 'may not set both a target raw value and a target utilization';
    errors.push(forbiddenField(at.child('averageValue'), text));
  }
  return errors;
}

function validateTarget(target: Partial<Target>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const type = target.type ?? '';
  if (type === '') errors.push(required(at.child('type'), 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    const text = 'must be either Utilization, Value, or AverageValue';
    errors.push(invalidValue(at.child('type'), type, text));
  }
  for (const field of ['value', 'averageValue'] as const) {
    const amount = target[field];
    if (amount !== undefined && parseQuantity(amount).sign() <= 0) {
      errors.push(invalidValue(at.child(field), amount, 'must be positive'));
    }
  }
  const { averageUtilization } = target;
  if (averageUtilization !== undefined && averageUtilization < 1) {
    const text = 'must be greater than 0';
    errors.push(invalidValue(at.child('averageUtilization'), averageUtilization, text));
  }
  return errors;
}

function validateIdentifier(metric: { name: string } | undefined, at: FieldPath): FieldError[] {
  const nameAt = at.child('name');
  if (!metric?.name) return [required(nameAt, 'must specify a metric name')];
  return invalidFor(nameAt, metric.name, isPathSegmentName(metric.name));
}
