/** Tolerations of pods and the effects they share with taints. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  quote,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { isDecimalInteger, isLabelValue } from '../../../../machinery/meta/names.ts';
import { validateLabelName } from '../../../../machinery/meta/object-meta-validation.ts';
import type { Toleration } from '../../../../machinery/schema/wire.ts';
import { invalidFor } from '../field-checks.ts';
import type { PodValidationOptions } from './pod-options.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** A taint's effect; a taint must have one. */
export function validateTaintEffect(effect: string | undefined, at: FieldPath): FieldError[] {
  if (!effect) return [required(at)];
  return effects.includes(effect) ? [] : [notSupported(at, effect, effects)];
}

export function validateTolerations(
  tolerations: readonly Toleration[],
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  return tolerations.flatMap((t, i) => validateToleration(t, at.index(i), options));
}

function validateToleration(
  t: Toleration,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const operator = t.operator ?? '';
  if (t.key) errors.push(...validateLabelName(t.key, at.child('key')));
  else if (operator !== 'Exists') {
    const text =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalidValue(at.child('operator'), operator, text));
  }
  if (t.tolerationSeconds !== undefined && t.effect !== 'NoExecute') {
    const text = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalidValue(at.child('effect'), t.effect ?? '', text));
  }
  errors.push(...validateOperator(operator, t.value ?? '', at, options));
  if (t.effect) errors.push(...validateTaintEffect(t.effect, at.child('effect')));
  return errors;
}

function validateOperator(
  operator: string,
  value: string,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const here = at.child('operator');
  switch (operator) {
    case '':
    case 'Equal': {
      const problems = isLabelValue(value);
      return problems.length === 0 ? [] : [invalidValue(here, value, problems.join(';'))];
    }
    case 'Exists': {
      const text = "value must be empty when `operator` is 'Exists'";
      return value === '' ? [] : [invalidValue(here, value, text)];
    }
    case 'Lt':
    case 'Gt':
      if (!options.allowComparingTolerations) {
        return [notSupported(here, operator, ['Equal', 'Exists', 'Lt', 'Gt'])];
      }
      return validateNumber(value, at.child('value'));
    default:
      return [notSupported(here, operator, ['Equal', 'Exists'])];
  }
}

function validateNumber(value: string, at: FieldPath): FieldError[] {
  const errors = invalidFor(at, value, isDecimalInteger(value));
  const problem = int64Problem(value);
  if (problem !== undefined) {
    errors.push(invalidValue(at, value, `strconv.ParseInt: parsing ${quote(value)}: ${problem}`));
  }
  return errors;
}

function int64Problem(value: string): string | undefined {
  if (!/^[+-]?\d+$/.test(value)) return 'invalid syntax';
  const n = BigInt(value.replace(/^\+/, ''));
  return n >= -(2n ** 63n) && n < 2n ** 63n ? undefined : 'value out of range';
}

/** An update may add tolerations and change how long one holds. */
export function validateOnlyAddedTolerations(
  next: readonly Toleration[],
  prev: readonly Toleration[],
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const kept = new Set(next.map(withoutSeconds));
  if (prev.some((t) => !kept.has(withoutSeconds(t)))) {
    const text = 'existing toleration can not be modified except its tolerationSeconds';
    return [forbiddenField(at, text)];
  }
  return validateTolerations(next, at, options);
}

function withoutSeconds(t: Toleration): string {
  return JSON.stringify([t.key ?? '', t.operator ?? '', t.value ?? '', t.effect ?? '']);
}
