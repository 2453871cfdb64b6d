/** Topology spread constraints; the label keys that they and affinity terms take over. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import {
  validateLabelName,
  validateLabelSelector,
} from '../../../../machinery/meta/object-meta-validation.ts';
import type { LabelSelector, TopologySpreadConstraint } from '../../../../machinery/schema/wire.ts';
import { validateOneOf, validatePositive } from '../field-checks.ts';
import type { PodValidationOptions } from './pod-options.ts';

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const inclusionPolicies = ['Honor', 'Ignore'];

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  return constraints.flatMap((c, i) => [
    ...validateConstraint(c, constraints.slice(i + 1), at.index(i)),
    ...validateKeys(c, at.index(i), options),
    ...(options.allowInvalidSpreadSelector
      ? []
      : validateLabelSelector(c.labelSelector, at.index(i).child('labelSelector'))),
  ]);
}

function validateConstraint(
  c: TopologySpreadConstraint,
  others: readonly TopologySpreadConstraint[],
  at: FieldPath,
): FieldError[] {
  const errors = validatePositive(c.maxSkew ?? 0, at.child('maxSkew'));
  const topologyKey = c.topologyKey ?? '';
  const action = c.whenUnsatisfiable ?? '';
  if (topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'));
  errors.push(...validateOneOf(action, actions, at.child('whenUnsatisfiable')));
  const same = (o: TopologySpreadConstraint): boolean =>
    (o.topologyKey ?? '') === topologyKey && (o.whenUnsatisfiable ?? '') === action;
  if (others.some(same)) {
    const pair = at.child('{topologyKey, whenUnsatisfiable}');
    errors.push(duplicate(pair, `{${topologyKey}, ${action}}`));
  }
  if (c.minDomains !== undefined) {
    errors.push(...validatePositive(c.minDomains, at.child('minDomains')));
    if (action !== 'DoNotSchedule') {
      const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
      errors.push(invalidValue(at.child('minDomains'), c.minDomains, text));
    }
  }
  for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    const policy = c[field];
    if (policy !== undefined && !inclusionPolicies.includes(policy)) {
      errors.push(notSupported(at.child(field), policy, inclusionPolicies));
    }
  }
  return errors;
}

function validateKeys(
  c: TopologySpreadConstraint,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  return options.oldViolatesMatchLabelKeys
    ? validateKeysOutsideSelector(c.matchLabelKeys, c.labelSelector, at.child('matchLabelKeys'))
    : validateMatchLabelKeys(c.matchLabelKeys, undefined, c.labelSelector, at);
}

/**
 * Keys whose values of the pod itself are merged into the selector. After the merge a key stands
 * once in the expressions, so only a second mention is a conflict. The odd path is the real
 * server's.
 */
export function validateMatchLabelKeys(
  match: readonly string[] | undefined,
  mismatch: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  at: FieldPath,
): FieldError[] {
  const errors = [
    ...validateLabelKeys(match, selector, at.child('matchLabelKeys')),
    ...validateLabelKeys(mismatch, selector, at.child('mismatchLabelKeys')),
  ];
  if (selector !== undefined) {
    const indexOf = new Map((match ?? []).map((key, i) => [key, i]));
    const selected = new Set(Object.keys(selector.matchLabels ?? {}));
    for (const { key } of selector.matchExpressions ?? []) {
      const i = indexOf.get(key);
      if (i !== undefined && selected.has(key)) {
        const text = 'exists in both matchLabelKeys and labelSelector';
        errors.push(invalidValue(at.index(i), key, text));
      }
      selected.add(key);
    }
  }
  for (const [i, key] of (match ?? []).entries()) {
    if (!mismatch?.includes(key)) continue;
    const text = 'exists in both matchLabelKeys and mismatchLabelKeys';
    errors.push(invalidValue(at.child('matchLabelKeys').index(i), key, text));
  }
  return errors;
}

const needsSelector = 'must not be specified when labelSelector is not set';

function validateLabelKeys(
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  at: FieldPath,
): FieldError[] {
  if (keys === undefined || keys.length === 0) return [];
  if (selector === undefined) return [forbiddenField(at, needsSelector)];
  return keys.flatMap((key, i) => validateLabelName(key, at.index(i)));
}

/** The rule from before keys were merged: none may stand in the selector at all. */
function validateKeysOutsideSelector(
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  at: FieldPath,
): FieldError[] {
  if (keys === undefined || keys.length === 0) return [];
  const errors = selector === undefined ? [forbiddenField(at, needsSelector)] : [];
  const selected = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map((e) => e.key),
  ]);
  for (const [i, key] of keys.entries()) {
    errors.push(...validateLabelName(key, at.index(i)));
    if (selected.has(key)) {
      const text = 'exists in both matchLabelKeys and labelSelector';
      errors.push(invalidValue(at.index(i), key, text));
    }
  }
  return errors;
}
