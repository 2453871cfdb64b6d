/** Node affinity, pod affinity and anti-affinity; node selectors are shared with volumes. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import {
  isLabelValue,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../../../../machinery/meta/names.ts';
import {
  validateLabelName,
  validateLabelSelector,
} from '../../../../machinery/meta/object-meta-validation.ts';
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
} from '../../../../machinery/schema/wire.ts';
import { invalidFor } from '../field-checks.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { validateMatchLabelKeys } from './topology-spread.ts';

export function validateAffinity(
  affinity: Affinity | undefined,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (affinity?.nodeAffinity !== undefined) {
    errors.push(...validateNodeAffinity(affinity.nodeAffinity, at.child('nodeAffinity'), options));
  }
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const own = affinity?.[field];
    const here = at.child(field);
    const hard = here.child('requiredDuringSchedulingIgnoredDuringExecution');
    const soft = here.child('preferredDuringSchedulingIgnoredDuringExecution');
    for (const [i, t] of (own?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      errors.push(...validatePodTerm(t, hard.index(i), options));
    }
    for (const [i, w] of (own?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      errors.push(...validateWeight(w.weight, soft.index(i)));
      const path = soft.index(i).child('podAffinityTerm');
      errors.push(...validatePodTerm(w.podAffinityTerm ?? { topologyKey: '' }, path, options));
    }
  }
  return errors;
}

function validateWeight(weight: number | undefined, at: FieldPath): FieldError[] {
  const w = weight ?? 0;
  if (w > 0 && w <= 100) return [];
  return [invalidValue(at.child('weight'), w, 'must be in the range 1-100')];
}

function validatePodTerm(
  term: PodAffinityTerm,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const lenient = { allowInvalidValues: options.allowInvalidLabelValueInSelector };
  const topologyKey = term.topologyKey ?? '';
  const keyAt = at.child('topologyKey');
  return [
    ...validateLabelSelector(term.labelSelector, at.child('labelSelector'), lenient),
    ...validateLabelSelector(term.namespaceSelector, at.child('namespaceSelector'), lenient),
    ...(term.namespaces ?? []).flatMap((n) =>
      invalidFor(at.child('namespace'), n, nameIsDnsLabel(n, false)),
    ),
    ...validateMatchLabelKeys(term.matchLabelKeys, term.mismatchLabelKeys, term.labelSelector, at),
    ...(topologyKey === '' ? [required(keyAt, 'can not be empty')] : []),
    ...validateLabelName(topologyKey, keyAt),
  ];
}

function validateNodeAffinity(
  affinity: NodeAffinity,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (hard !== undefined) {
    const path = at.child('requiredDuringSchedulingIgnoredDuringExecution');
    errors.push(...validateNodeSelector(hard, path, options.allowInvalidLabelValueInNodeAffinity));
  }
  const soft = at.child('preferredDuringSchedulingIgnoredDuringExecution');
  for (const [i, t] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    errors.push(...validateWeight(t.weight, soft.index(i)));
    errors.push(...validateTerm(t.preference ?? {}, soft.index(i).child('preference'), true));
  }
  return errors;
}

/** A node selector with at least one term. `anyValues`: values need not be label values. */
export function validateNodeSelector(
  selector: NodeSelector,
  at: FieldPath,
  anyValues = false,
): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? [];
  const here = at.child('nodeSelectorTerms');
  if (terms.length === 0) return [required(here, 'must have at least one node selector term')];
  return terms.flatMap((t, i) => validateTerm(t, here.index(i), anyValues));
}

function validateTerm(term: NodeSelectorTerm, at: FieldPath, anyValues: boolean): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((r, i) =>
      validateRequirement(r, at.child('matchExpressions').index(i), anyValues),
    ),
    ...(term.matchFields ?? []).flatMap((r, i) =>
      validateFieldRequirement(r, at.child('matchFields').index(i)),
    ),
  ];
}

function validateRequirement(
  r: NodeSelectorRequirement,
  at: FieldPath,
  anyValues: boolean,
): FieldError[] {
  const values = r.values ?? [];
  const errors = validateOperator(r.operator ?? '', values.length, at);
  errors.push(...validateLabelName(r.key ?? '', at.child('key')));
  if (anyValues) return errors;
  for (const [i, v] of values.entries()) {
    errors.push(...invalidFor(at.child('values').index(i), v, isLabelValue(v)));
  }
  return errors;
}

function validateOperator(operator: string, values: number, at: FieldPath): FieldError[] {
  const here = at.child('values');
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const text = "must be specified when `operator` is 'In' or 'NotIn'";
      return values === 0 ? [required(here, text)] : [];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      return values > 0 ? [forbiddenField(here, text)] : [];
    }
    case 'Gt':
    case 'Lt': {
      const text = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      return values === 1 ? [] : [required(here, text)];
    }
    default:
      return [invalidValue(at.child('operator'), operator, 'not a valid selector operator')];
  }
}

function validateFieldRequirement(r: NodeSelectorRequirement, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const values = r.values ?? [];
  if (r.operator !== 'In' && r.operator !== 'NotIn') {
    const text = 'not a valid selector operator';
    errors.push(invalidValue(at.child('operator'), r.operator ?? '', text));
  } else if (values.length !== 1) {
    const text =
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(at.child('values'), text));
  }
  if (r.key !== 'metadata.name') {
    errors.push(invalidValue(at.child('key'), r.key ?? '', 'not a valid field selector key'));
    return errors;
  }
  for (const [i, v] of values.entries()) {
    errors.push(...invalidFor(at.child('values').index(i), v, nameIsDnsSubdomain(v, false)));
  }
  return errors;
}
