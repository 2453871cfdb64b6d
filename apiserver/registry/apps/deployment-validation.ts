/** The rules of Deployments and, since they share most, of the templates of ReplicaSets. */

import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import type { Selector } from '../../../machinery/meta/labels.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type {
  Deployment,
  DeploymentSpec,
  PodTemplateSpec,
} from '../../../machinery/schema/wire.ts';
import { type PodValidationOptions, templateOptions } from '../core/pod/pod-options.ts';
import { validatePodTemplateSpec } from '../core/pod/pod-template.ts';
import { amountOf, validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts';
import { internalForm } from '../internal-form.ts';
import {
  parsedSelector,
  selectorValue,
  validateTemplateLabels,
  validateWorkloadSelector,
} from './selector-validation.ts';
import { validateCounts, validateNotDecremented } from './status-validation.ts';

const specPath = FieldPath.of('spec');

/** The annotation with the revision to go back to: apps/v1 has no field for it. */
export const rollbackTo = 'deprecated.deployment.rollback.to';

export function validateDeployment(next: Deployment): FieldError[] {
  return validateSpec(next, specPath, templateOptions(undefined));
}

export function validateDeploymentUpdate(next: Deployment, prev: Deployment): FieldError[] {
  return [
    ...validateSpec(next, specPath, templateOptions(prev.spec?.template)),
    ...validateSelectorUnchanged(next.spec?.selector, prev.spec?.selector),
  ];
}

/** `field is immutable` for a selector. */
export function validateSelectorUnchanged(
  next: DeploymentSpec['selector'] | undefined,
  prev: DeploymentSpec['selector'] | undefined,
): FieldError[] {
  if (deepEqual(next, prev) && !next === !prev) return [];
  return [invalidValue(specPath.child('selector'), selectorValue(next), 'field is immutable')];
}

function validateSpec(
  next: Deployment,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const spec = next.spec!;
  const errors = [
    ...validateNonnegative(spec.replicas ?? 0, at.child('replicas')),
    ...validateWorkloadSelector(spec.selector, 'deployment', at.child('selector')),
  ];
  const selector = parsedSelector(spec.selector);
  if (selector === undefined) {
    const shown = selectorValue(spec.selector);
    errors.push(invalidValue(at.child('selector'), shown, 'invalid label selector'));
  } else errors.push(...validateTemplate(spec.template, selector, at.child('template'), options));
  errors.push(
    ...validateStrategy(spec.strategy ?? {}, at.child('strategy')),
    ...validateNonnegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')),
  );
  if (spec.revisionHistoryLimit !== undefined) {
    errors.push(
      ...validateNonnegative(spec.revisionHistoryLimit, at.child('revisionHistoryLimit')),
    );
  }
  const revision = next.metadata?.annotations?.[rollbackTo];
  if (revision !== undefined) {
    errors.push(...validateNonnegative(Number(revision), at.child('rollback', 'version')));
  }
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined) {
    const deadlineAt = at.child('progressDeadlineSeconds');
    errors.push(...validateNonnegative(deadline, deadlineAt));
    if (deadline <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalidValue(deadlineAt, deadline, 'must be greater than minReadySeconds'));
    }
  }
  return errors;
}

/** The template of what runs as ReplicaSets: selected, valid, and for pods that never end. */
export function validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: Selector,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors = selector.empty ? [] : validateTemplateLabels(template, selector, at);
  errors.push(...validatePodTemplateSpec(template ?? {}, at, options));
  const spec = template?.spec;
  const policy = spec?.restartPolicy ?? '';
  if (policy !== 'Always') {
    errors.push(notSupported(at.child('spec', 'restartPolicy'), policy, ['Always']));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    const text = 'activeDeadlineSeconds in ReplicaSet is not Supported';
    errors.push(forbiddenField(at.child('spec', 'activeDeadlineSeconds'), text));
  }
  return errors;
}

function validateStrategy(
  strategy: NonNullable<DeploymentSpec['strategy']>,
  at: FieldPath,
): FieldError[] {
  const { type, rollingUpdate } = strategy;
  const rollingAt = at.child('rollingUpdate');
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    const text = "may not be specified when strategy `type` is 'Recreate'";
    return [forbiddenField(rollingAt, text)];
  }
  if (type !== 'RollingUpdate') {
    const shown = internalForm('apps/v1.DeploymentStrategy', strategy);
    return [notSupported(at, shown, ['Recreate', 'RollingUpdate'])];
  }
  if (rollingUpdate === undefined) {
    return [required(rollingAt, 'this should be defaulted and never be nil')];
  }
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const unavailableAt = rollingAt.child('maxUnavailable');
  const errors = [
    ...validateIntOrPercent(maxUnavailable, unavailableAt),
    ...validateIntOrPercent(maxSurge, rollingAt.child('maxSurge')),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    const text = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalidValue(unavailableAt, maxUnavailable ?? 0, text));
  }
  errors.push(...validateAtMost100Percent(maxUnavailable, unavailableAt));
  return errors;
}

export function validateDeploymentStatus(next: Deployment, prev: Deployment): FieldError[] {
  const status = next.status ?? {};
  const at = FieldPath.of('status');
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const errors = validateCounts(status, at, [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ]);
  for (const field of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if ((status[field] ?? 0) > replicas) {
      const text = 'cannot be greater than status.replicas';
      errors.push(invalidValue(at.child(field), status[field] ?? 0, text));
    }
  }
  if (availableReplicas > readyReplicas) {
    const text = 'cannot be greater than readyReplicas';
    errors.push(invalidValue(at.child('availableReplicas'), availableReplicas, text));
  }
  errors.push(...validateNotDecremented(status.collisionCount, prev.status?.collisionCount, at));
  return errors;
}
