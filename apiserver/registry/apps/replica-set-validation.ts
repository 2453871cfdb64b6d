/** The rules of ReplicaSets. */
import { type FieldError, FieldPath, invalidValue } from '../../../machinery/meta/field-error.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { ReplicaSet } from '../../../machinery/schema/wire.ts';
import { type PodValidationOptions, templateOptions } from '../core/pod/pod-options.ts';
import { validateSelectorUnchanged, validateTemplate } from './deployment-validation.ts';
import { parsedSelector, selectorValue, validateWorkloadSelector } from './selector-validation.ts';
import { validateCounts } from './status-validation.ts';

const specPath = FieldPath.of('spec');

export function validateReplicaSet(next: ReplicaSet): FieldError[] {
  return validateSpec(next.spec!, templateOptions(undefined));
}

export function validateReplicaSetUpdate(next: ReplicaSet, prev: ReplicaSet): FieldError[] {
  return [
    ...validateSpec(next.spec!, templateOptions(prev.spec?.template)),
    ...validateSelectorUnchanged(next.spec?.selector, prev.spec?.selector),
  ];
}

function validateSpec(
  spec: NonNullable<ReplicaSet['spec']>,
  options: PodValidationOptions,
): FieldError[] {
  const at = specPath;
  const errors = [
    ...validateNonnegative(spec.replicas ?? 0, at.child('replicas')),
    ...validateNonnegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')),
    ...validateWorkloadSelector(spec.selector, 'deployment', at.child('selector')),
  ];
  const selector = parsedSelector(spec.selector);
  if (selector === undefined) {
    const shown = selectorValue(spec.selector);
    errors.push(invalidValue(at.child('selector'), shown, 'invalid label selector'));
  } else errors.push(...validateTemplate(spec.template, selector, at.child('template'), options));
  return errors;
}

export function validateReplicaSetStatus(next: ReplicaSet): FieldError[] {
  const status = next.status ?? { replicas: 0 };
  const at = FieldPath.of('status');
  const errors = validateCounts(status, at, [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
    'terminatingReplicas',
  ]);
  for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if ((status[field] ?? 0) > (status.replicas ?? 0)) {
      const text = 'cannot be greater than status.replicas';
      errors.push(invalidValue(at.child(field), status[field] ?? 0, text));
    }
  }
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    const text = 'cannot be greater than readyReplicas';
    errors.push(invalidValue(at.child('availableReplicas'), available, text));
  }
  return errors;
}
