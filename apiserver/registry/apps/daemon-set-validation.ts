/** The rules of DaemonSets. */
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import {
  hasInvalidSelectorValue,
  validateLabelSelector,
  validateNonnegative,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { DaemonSet, DaemonSetSpec } from '../../../machinery/schema/wire.ts';
import { type PodValidationOptions, templateOptions } from '../core/pod/pod-options.ts';
import { validatePodTemplateSpec } from '../core/pod/pod-template.ts';
import { amountOf, validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts';
import { internalForm } from '../internal-form.ts';
import { validateSelectorUnchanged } from './deployment-validation.ts';
import { parsedSelector, validateNotEmpty, validateTemplateLabels } from './selector-validation.ts';
import { validateCounts, validateNotDecremented } from './status-validation.ts';

const specPath = FieldPath.of('spec');

/** The annotation with the count of template changes: apps/v1 has no field for it. */
export const templateGeneration = 'deprecated.daemonset.template.generation';

/** How often the template has changed. */
export function templateGenerationOf(set: DaemonSet): number {
  return Number(set.metadata?.annotations?.[templateGeneration] ?? '0');
}

export function validateDaemonSet(next: DaemonSet): FieldError[] {
  return validateSpec(next, templateOptions(undefined));
}

export function validateDaemonSetUpdate(next: DaemonSet, prev: DaemonSet): FieldError[] {
  const options = templateOptions(prev.spec?.template);
  const keepsInvalid =
    options.allowInvalidLabelValueInSelector || hasInvalidSelectorValue(prev.spec?.selector);
  return [
    ...validateSelectorUnchanged(next.spec?.selector, prev.spec?.selector),
    ...validateSpec(next, { ...options, allowInvalidLabelValueInSelector: keepsInvalid }),
  ];
}

function validateSpec(next: DaemonSet, options: PodValidationOptions): FieldError[] {
  const spec = next.spec!;
  const at = specPath;
  const errors = validateLabelSelector(spec.selector, at.child('selector'), {
    allowInvalidValues: options.allowInvalidLabelValueInSelector,
  });
  const selector = parsedSelector(spec.selector);
  const templateAt = at.child('template');
  if (selector !== undefined) {
    errors.push(...validateTemplateLabels(spec.template, selector, templateAt));
  }
  if (spec.selector) {
    errors.push(...validateNotEmpty(spec.selector, 'daemonset', at.child('selector')));
  }
  errors.push(...validatePodTemplateSpec(spec.template ?? {}, templateAt, options));
  const policy = spec.template?.spec?.restartPolicy ?? '';
  if (policy !== 'Always') {
    errors.push(notSupported(templateAt.child('spec', 'restartPolicy'), policy, ['Always']));
  }
  if (spec.template?.spec?.activeDeadlineSeconds !== undefined) {
    const text = 'activeDeadlineSeconds in DaemonSet is not Supported';
    errors.push(forbiddenField(templateAt.child('spec', 'activeDeadlineSeconds'), text));
  }
  errors.push(
    ...validateNonnegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')),
    ...validateNonnegative(templateGenerationOf(next), at.child('templateGeneration')),
    ...validateStrategy(spec.updateStrategy ?? {}, at.child('updateStrategy')),
  );
  if (spec.revisionHistoryLimit !== undefined) {
    errors.push(
      ...validateNonnegative(spec.revisionHistoryLimit, at.child('revisionHistoryLimit')),
    );
  }
  return errors;
}

function validateStrategy(
  strategy: NonNullable<DaemonSetSpec['updateStrategy']>,
  at: FieldPath,
): FieldError[] {
  if (strategy.type === 'OnDelete') return [];
  if (strategy.type !== 'RollingUpdate') {
    const shown = internalForm('apps/v1.DaemonSetUpdateStrategy', strategy);
    return [notSupported(at, shown, ['RollingUpdate', 'OnDelete'])];
  }
  const rollingAt = at.child('rollingUpdate');
  if (strategy.rollingUpdate === undefined) return [required(rollingAt)];
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  const unavailableAt = rollingAt.child('maxUnavailable');
  const surgeAt = rollingAt.child('maxSurge');
  const errors = [
    ...validateIntOrPercent(maxUnavailable, unavailableAt),
    ...validateIntOrPercent(maxSurge, surgeAt),
    ...validateAtMost100Percent(maxUnavailable, unavailableAt),
    ...validateAtMost100Percent(maxSurge, surgeAt),
  ];
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) {
    errors.push(invalidValue(surgeAt, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!hasUnavailable && !hasSurge) {
    errors.push(required(unavailableAt, 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

export function validateDaemonSetStatus(next: DaemonSet, prev: DaemonSet): FieldError[] {
  const at = FieldPath.of('status');
  const status: Partial<NonNullable<DaemonSet['status']>> = next.status ?? {};
  return [
    ...validateCounts(status, at, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...validateNotDecremented(status.collisionCount, prev.status?.collisionCount, at),
  ];
}
