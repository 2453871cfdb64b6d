/** The rules of the bindings of admission policies. */
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../../../machinery/meta/names.ts';
import { validateLabelSelector } from '../../../machinery/meta/object-meta-validation.ts';
import type {
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBinding,
} from '../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf } from '../core/field-checks.ts';
import { validateMatchResources, validateMutatingOperations } from './rule-validation.ts';

type Parts =
  | NonNullable<ValidatingAdmissionPolicyBinding['spec']>
  | NonNullable<MutatingAdmissionPolicyBinding['spec']>;
type ParamRef = NonNullable<Parts['paramRef']>;

const actions = ['Audit', 'Deny', 'Warn'];
const specPath = FieldPath.of('spec');
const actionsPath = specPath.child('validationActions');

/** The binding of a validating policy. */
export function validateValidatingBinding(next: ValidatingAdmissionPolicyBinding): FieldError[] {
  const spec = next.spec!;
  return [...validateParts(spec), ...validateActions(spec.validationActions ?? [])];
}

/** The binding of a mutating policy. */
export function validateMutatingBinding(next: MutatingAdmissionPolicyBinding): FieldError[] {
  const spec = next.spec!;
  const at = specPath.child('matchResources');
  return [...validateParts(spec), ...validateMutatingOperations(spec.matchResources, at)];
}

function validateParts(spec: Parts): FieldError[] {
  const name = specPath.child('policyName');
  return [
    ...(spec.policyName
      ? invalidFor(name, spec.policyName, isDns1123Subdomain(spec.policyName))
      : [required(name)]),
    ...(spec.paramRef ? validateParamRef(spec.paramRef, specPath.child('paramRef')) : []),
    ...validateMatchResources(spec.matchResources, specPath.child('matchResources')),
  ];
}

function validateParamRef(ref: ParamRef, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const exclusive = 'name and selector are mutually exclusive';
  if (ref.name) {
    errors.push(...invalidFor(at.child('name'), ref.name, isPathSegmentName(ref.name)));
    if (ref.selector) errors.push(forbiddenField(at.child('name'), exclusive));
  }
  if (ref.selector) {
    errors.push(...validateLabelSelector(ref.selector, at.child('selector')));
    if (ref.name) errors.push(forbiddenField(at.child('selector'), exclusive));
  } else if (!ref.name) errors.push(required(at, 'one of name or selector must be specified'));
  const action = at.child('parameterNotFoundAction');
  if (!ref.parameterNotFoundAction) return [...errors, required(action)];
  return [...errors, ...validateOneOf(ref.parameterNotFoundAction, ['Deny', 'Allow'], action)];
}

function validateActions(list: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, action] of list.entries()) {
    const at = actionsPath.index(i);
    errors.push(...validateOneOf(action, actions, at));
    if (list.indexOf(action) < i) errors.push(duplicate(at, action));
  }
  if (list.includes('Deny') && list.includes('Warn')) {
    const text =
      'must not contain both Deny and Warn (repeating the same validation failure information ' +
      'in the API response and headers serves no purpose)';
    errors.push(invalidValue(actionsPath, list, text));
  }
  if (list.length === 0) {
    errors.push(required(actionsPath, 'at least one validation action is required'));
  }
  return errors;
}
