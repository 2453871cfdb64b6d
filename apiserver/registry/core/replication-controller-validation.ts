/** Checks of replication controllers. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { selectorOfLabels } from '../../../machinery/meta/labels.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { ReplicationController } from '../../../machinery/schema/wire.ts';
import { templateOptions } from './pod/pod-options.ts';
import { validatePodTemplateSpec } from './pod/pod-template.ts';

const at = FieldPath.of('spec');

/** Problems of a new controller. */
export function validateController(rc: ReplicationController): FieldError[] {
  return validateSpec(rc, undefined);
}

/** Problems of an update. */
export function validateControllerUpdate(
  next: ReplicationController,
  prev: ReplicationController,
): FieldError[] {
  return [...validateSpec(next, prev), ...validateNonConvertible(next, prev)];
}

function validateSpec(
  rc: ReplicationController,
  prev: ReplicationController | undefined,
): FieldError[] {
  const spec = rc.spec ?? {};
  const selector = spec.selector ?? {};
  const errors = validateNonnegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds'));
  if (Object.keys(selector).length === 0) errors.push(required(at.child('selector')));
  if (spec.replicas === undefined) errors.push(required(at.child('replicas')));
  else errors.push(...validateNonnegative(spec.replicas, at.child('replicas')));
  const here = at.child('template');
  const template = spec.template;
  if (template === undefined) return [...errors, required(here)];
  const labels = template.metadata?.labels;
  if (Object.keys(selector).length > 0 && !selectorOfLabels(selector).matches(labels)) {
    const text = '`selector` does not match template `labels`';
    const sent = template.metadata !== undefined && wasSent(template.metadata, 'labels');
    errors.push(invalidValue(here.child('metadata', 'labels'), sent ? (labels ?? {}) : null, text));
  }
  errors.push(...validatePodTemplateSpec(template, here, templateOptions(prev?.spec?.template)));
  const policy = template.spec?.restartPolicy ?? '';
  if (policy !== 'Always') {
    errors.push(notSupported(here.child('spec', 'restartPolicy'), policy, ['Always']));
  }
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const text = 'activeDeadlineSeconds in ReplicationController is not Supported';
    errors.push(forbiddenField(here.child('spec', 'activeDeadlineSeconds'), text));
  }
  return errors;
}

const nonConvertiblePrefix = 'non-convertible.kubernetes.io';

/** Annotations that say that another version's field cannot be shown in this one. */
function validateNonConvertible(
  next: ReplicationController,
  prev: ReplicationController,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(prev.metadata?.annotations ?? {})) {
    const parts = key.split('/');
    if (!key.startsWith(nonConvertiblePrefix) || parts.length !== 2) continue;
    const field = parts[1]!;
    if (!field.includes('selector')) {
      const detail = 'unknown non-convertible field';
      errors.push({ type: 'FieldValueNotFound', field, value, detail });
    } else if (!deepEqual(next.spec?.selector, prev.spec?.selector)) {
      const text = 'cannot update non-convertible selector';
      errors.push(invalidValue(at.child('selector'), next.spec?.selector ?? null, text));
    }
  }
  return errors;
}

const counts = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
] as const;

/** Problems of a status update. */
export function validateControllerStatusUpdate(next: ReplicationController): FieldError[] {
  const statusAt = FieldPath.of('status');
  const n = (name: (typeof counts)[number]): number => next.status?.[name] ?? 0;
  const errors = [...counts.flatMap((name) => validateNonnegative(n(name), statusAt.child(name)))];
  for (const name of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if (n(name) <= n('replicas')) continue;
    errors.push(
      invalidValue(statusAt.child(name), n(name), 'cannot be greater than status.replicas'),
    );
  }
  if (n('availableReplicas') > n('readyReplicas')) {
    const path = statusAt.child('availableReplicas');
    errors.push(invalidValue(path, n('availableReplicas'), 'cannot be greater than readyReplicas'));
  }
  return errors;
}
