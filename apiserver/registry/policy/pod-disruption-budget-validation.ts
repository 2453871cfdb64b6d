/** The rules of PodDisruptionBudgets. */
import { type FieldError, FieldPath, invalidValue } from '../../../machinery/meta/field-error.ts';
import {
  validateConditions,
  validateLabelSelector,
  validateNonnegative,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { PodDisruptionBudget } from '../../../machinery/schema/wire.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts';
import { internalForm } from '../internal-form.ts';

/** `prev` undefined: the budget is new. */
export function validatePodDisruptionBudget(
  next: PodDisruptionBudget,
  prev: PodDisruptionBudget | undefined,
): FieldError[] {
  const at = FieldPath.of('spec');
  const spec = next.spec ?? {};
  const errors: FieldError[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    const shown = internalForm('policy/v1.PodDisruptionBudgetSpec', spec);
    const text = 'minAvailable and maxUnavailable cannot be both set';
    errors.push(invalidValue(at, shown, text));
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    errors.push(...validateIntOrPercent(spec[field], at.child(field)));
    errors.push(...validateAtMost100Percent(spec[field], at.child(field)));
  }
  const allowInvalidValues =
    prev !== undefined && validateLabelSelector(prev.spec?.selector, at).length > 0;
  errors.push(
    ...validateLabelSelector(spec.selector, at.child('selector'), { allowInvalidValues }),
  );
  if (spec.unhealthyPodEvictionPolicy !== undefined) {
    const policies = ['AlwaysAllow', 'IfHealthyBudget'];
    const policyAt = at.child('unhealthyPodEvictionPolicy');
    errors.push(...validateOneOf(spec.unhealthyPodEvictionPolicy, policies, policyAt));
  }
  return errors;
}

export function validatePodDisruptionBudgetStatus(next: PodDisruptionBudget): FieldError[] {
  const at = FieldPath.of('status');
  const status: Partial<NonNullable<PodDisruptionBudget['status']>> = next.status ?? {};
  const counts = [
    'disruptionsAllowed',
    'currentHealthy',
    'desiredHealthy',
    'expectedPods',
  ] as const;
  return [
    ...validateConditions(status.conditions ?? [], at.child('conditions')),
    ...counts.flatMap((f) => validateNonnegative(status[f] ?? 0, at.child(f))),
  ];
}
