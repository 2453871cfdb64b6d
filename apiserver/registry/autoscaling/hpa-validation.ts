/** The rules of HorizontalPodAutoscalers, on the v2 form. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { HorizontalPodAutoscalerV2 } from '../../../machinery/schema/wire.ts';
import { validateNonnegativeQuantity, validatePositive } from '../core/field-checks.ts';
import { validateMetrics } from './hpa-metric-validation.ts';
import { type Reference, validateObjectReference, versionProblem } from './object-reference.ts';

type Hpa = HorizontalPodAutoscalerV2;
type Spec = Hpa['spec'];
type Behavior = NonNullable<Spec['behavior']>;
type Rules = NonNullable<Behavior['scaleUp']>;

const specPath = FieldPath.of('spec');
const maxPeriodSeconds = 1800;
const maxStabilizationSeconds = 3600;

/** `prev` undefined: the autoscaler is new. */
export function validateHpa(next: Hpa, prev: Hpa | undefined): FieldError[] {
  const at = specPath;
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [] } = next.spec;
  const errors: FieldError[] = [];
  // Feature HPAScaleToZero is off: zero stays where it was set.
  const least = prev?.spec.minReplicas === 0 ? 0 : 1;
  if (minReplicas !== undefined && minReplicas < least) {
    const text = `must be greater than or equal to ${least}`;
    errors.push(invalidValue(at.child('minReplicas'), minReplicas, text));
  }
  const maxAt = at.child('maxReplicas');
  if (maxReplicas === 0) errors.push(required(maxAt, 'must be set and greater than 0'));
  else if (maxReplicas < 0) {
    errors.push(invalidValue(maxAt, maxReplicas, 'must be greater than or equal to 1'));
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const text = 'must be greater than or equal to `minReplicas`';
    errors.push(invalidValue(maxAt, maxReplicas, text));
  }
  errors.push(
    ...validateObjectReference(
      scaleTargetRef ?? { kind: '', name: '' },
      at.child('scaleTargetRef'),
      (ref) => scaleTargetVersionProblem(ref, prev),
    ),
    ...validateMetrics(metrics, at.child('metrics'), minReplicas, objectVersionCheck(prev)),
    ...validateBehavior(next.spec.behavior, at.child('behavior')),
  );
  return errors;
}

export function validateHpaStatus(next: Hpa): FieldError[] {
  const at = FieldPath.of('status');
  const { currentReplicas = 0, desiredReplicas = 0 }: Partial<NonNullable<Hpa['status']>> =
    next.status ?? {};
  return [
    ...validateNonnegative(currentReplicas, at.child('currentReplicas')),
    ...validateNonnegative(desiredReplicas, at.child('desiredReplicas')),
  ];
}

/** A kept target may have any version; only ReplicationControllers are in no group. */
function scaleTargetVersionProblem(ref: Reference, prev: Hpa | undefined): string | undefined {
  const before = prev?.spec.scaleTargetRef;
  if (
    before !== undefined &&
    (before.apiVersion ?? '') === (ref.apiVersion ?? '') &&
    before.kind === ref.kind
  ) {
    return undefined;
  }
  return versionProblem(ref, ref.kind === 'ReplicationController');
}

/** Objects that metrics describe may be of the core group; what was invalid may stay so. */
function objectVersionCheck(prev: Hpa | undefined): (ref: Reference) => string | undefined {
  const check = (ref: Reference) => versionProblem(ref, true);
  const keepsInvalid = (prev?.spec.metrics ?? []).some(
    (m) =>
      m.type === 'Object' &&
      m.object !== undefined &&
      check(m.object.describedObject) !== undefined,
  );
  return keepsInvalid ? () => undefined : check;
}

function validateBehavior(behavior: Behavior | undefined, at: FieldPath): FieldError[] {
  return (['scaleUp', 'scaleDown'] as const).flatMap((direction) => {
    const rules = behavior?.[direction];
    return rules === undefined ? [] : validateRules(rules, at.child(direction));
  });
}

function validateRules(rules: Rules, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const windowAt = at.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0) {
    errors.push(invalidValue(windowAt, window, 'must be greater than or equal to zero'));
  }
  if (window !== undefined && window > maxStabilizationSeconds) {
    const text = `must be less than or equal to ${maxStabilizationSeconds}`;
    errors.push(invalidValue(windowAt, window, text));
  }
  const selections = ['Disabled', 'Max', 'Min'];
  if (selectPolicy !== undefined && !selections.includes(selectPolicy)) {
    errors.push(notSupported(at.child('selectPolicy'), selectPolicy, selections));
  }
  const policiesAt = at.child('policies');
  if (policies.length === 0) {
    errors.push(required(policiesAt, 'must specify at least one Policy'));
  }
  for (const [i, policy] of policies.entries()) {
    errors.push(...validatePolicy(policy, policiesAt.index(i)));
  }
  if (tolerance !== undefined) {
    errors.push(...validateNonnegativeQuantity(tolerance, at.child('tolerance')));
  }
  return errors;
}

function validatePolicy(
  policy: NonNullable<Rules['policies']>[number],
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const { type = '', value = 0, periodSeconds = 0 }: Partial<typeof policy> = policy;
  if (type !== 'Pods' && type !== 'Percent') {
    errors.push(notSupported(at.child('type'), type, ['Percent', 'Pods']));
  }
  errors.push(
    ...validatePositive(value, at.child('value')),
    ...validatePositive(periodSeconds, at.child('periodSeconds')),
  );
  if (periodSeconds > maxPeriodSeconds) {
    const text = `must be less than or equal to ${maxPeriodSeconds}`;
    errors.push(invalidValue(at.child('periodSeconds'), periodSeconds, text));
  }
  return errors;
}
