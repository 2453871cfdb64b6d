/** The rules of the taints of devices and of tolerations of them. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isLabelValue } from '../../../machinery/meta/names.ts';
import { validateLabelName } from '../../../machinery/meta/object-meta-validation.ts';
import type { ResourceClaim, ResourceSlice } from '../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf } from '../core/field-checks.ts';

type Device = NonNullable<NonNullable<ResourceSlice['spec']>['devices']>[number];
type Taint = NonNullable<Device['taints']>[number];
type Request = NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>[number];
type Toleration = NonNullable<NonNullable<Request['exactly']>['tolerations']>[number];

const effects = ['NoExecute', 'NoSchedule', 'None'];

/** A taint of a device. */
export function validateTaint(taint: Taint, at: FieldPath): FieldError[] {
  const errors = validateLabelName(taint.key ?? '', at.child('key'));
  const value = taint.value ?? '';
  if (value !== '') errors.push(...invalidFor(at.child('value'), value, isLabelValue(value)));
  const effect = at.child('effect');
  if (!taint.effect) return [...errors, required(effect)];
  return [...errors, ...validateOneOf(taint.effect, effects, effect)];
}

/** What a request puts up with. */
export function validateToleration(toleration: Toleration, at: FieldPath): FieldError[] {
  const errors = toleration.key ? validateLabelName(toleration.key, at.child('key')) : [];
  const value = toleration.value ?? '';
  const valueAt = at.child('value');
  const operatorAt = at.child('operator');
  switch (toleration.operator) {
    case 'Exists':
      if (value !== '') {
        errors.push(invalidValue(valueAt, value, 'must be empty for operator `Exists`'));
      }
      break;
    case 'Equal':
      errors.push(...invalidFor(valueAt, value, isLabelValue(value)));
      break;
    case undefined:
    case '':
      errors.push(required(operatorAt));
      break;
    default:
      errors.push(notSupported(operatorAt, toleration.operator, ['Equal', 'Exists']));
  }
  if (!toleration.effect) return errors;
  return [...errors, ...validateOneOf(toleration.effect, effects, at.child('effect'))];
}
