/** The rules of PriorityClasses. */

import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import type { PriorityClass } from '../../../machinery/schema/wire.ts';

/** Above this, priorities belong to the system. */
export const highestUserPriority = 1_000_000_000;
const systemPrefix = 'system-';
const systemClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

export function validatePriorityClass(next: PriorityClass): FieldError[] {
  const name = next.metadata?.name ?? '';
  const errors: FieldError[] = [];
  if (name.startsWith(systemPrefix)) {
    const problem = systemClassProblem(name, next);
    if (problem !== undefined) {
      const text =
        "priority class names with 'system-' prefix are reserved for system use only. " +
        `error: ${problem}`;
      errors.push(forbiddenField(FieldPath.of('metadata', 'name'), text));
    }
  } else if ((next.value ?? 0) > highestUserPriority) {
    const text = `maximum allowed value of a user defined priority is ${highestUserPriority}`;
    errors.push(forbiddenField(FieldPath.of('value'), text));
  }
  const policy = next.preemptionPolicy;
  const policyAt = FieldPath.of('preemptionPolicy');
  if (policy === '') errors.push(required(policyAt));
  else if (policy !== undefined && policy !== 'PreemptLowerPriority' && policy !== 'Never') {
    errors.push(notSupported(policyAt, policy, ['PreemptLowerPriority', 'Never']));
  }
  return errors;
}

export function validatePriorityClassUpdate(
  next: PriorityClass,
  prev: PriorityClass,
): FieldError[] {
  const errors: FieldError[] = [];
  if ((next.value ?? 0) !== (prev.value ?? 0)) {
    errors.push(forbiddenField(FieldPath.of('value'), 'may not be changed in an update.'));
  }
  if (next.preemptionPolicy !== prev.preemptionPolicy) {
    const shown = next.preemptionPolicy ?? null;
    errors.push(invalidValue(FieldPath.of('preemptionPolicy'), shown, 'field is immutable'));
  }
  return errors;
}

function systemClassProblem(name: string, c: PriorityClass): string | undefined {
  const value = member(systemClasses, name);
  if (value === undefined) return `${name} is not a known system priority class`;
  if ((c.value ?? 0) !== value) return `value of ${name} PriorityClass must be ${value}`;
  return c.globalDefault === true
    ? `globalDefault of ${name} PriorityClass must be false`
    : undefined;
}
