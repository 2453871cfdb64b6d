/** The rules of what validating and mutating admission policies have in common. */
import { isReservedWord } from '../../../machinery/cel/field-names.ts';
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import type {
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
} from '../../../machinery/schema/wire.ts';
import { expressionErrors } from '../../cel/expression-validation.ts';
import type { PolicyCompiler } from '../../cel/policy-compiler.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { validateMatchConditions } from './match-condition-validation.ts';
import { validateMatchResources } from './rule-validation.ts';

/** What the specs of both kinds hold. */
export type PolicyParts = Pick<
  NonNullable<ValidatingAdmissionPolicy['spec']> & NonNullable<MutatingAdmissionPolicy['spec']>,
  'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions'
>;
type ParamKind = NonNullable<PolicyParts['paramKind']>;

const failurePolicies = ['Fail', 'Ignore'];
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

/** Failure policy, parameters and what the policy is for, in the order of the real server. */
export function validatePolicyParts(
  spec: PolicyParts,
  { keptConditions }: { readonly keptConditions: boolean },
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const failure = at.child('failurePolicy');
  if (spec.failurePolicy === undefined) errors.push(required(failure));
  else errors.push(...validateOneOf(spec.failurePolicy, failurePolicies, failure));
  if (spec.paramKind) errors.push(...validateParamKind(spec.paramKind, at.child('paramKind')));
  const constraints = at.child('matchConstraints');
  if (!spec.matchConstraints) errors.push(required(constraints));
  else {
    errors.push(...validateMatchResources(spec.matchConstraints, constraints));
    if (!spec.matchConstraints.resourceRules?.length) {
      errors.push(required(constraints.child('resourceRules')));
    }
  }
  if (keptConditions) return errors;
  const conditions = at.child('matchConditions');
  const params = Boolean(spec.paramKind);
  return [...errors, ...validateMatchConditions(spec.matchConditions, conditions, { params })];
}

function validateParamKind(kind: ParamKind, at: FieldPath): FieldError[] {
  const errors = validateGroupVersion(kind.apiVersion ?? '', at.child('apiVersion'));
  if (!kind.kind) return [...errors, required(at.child('kind'))];
  const problems = isDns1035Label(kind.kind.toLowerCase());
  if (problems.length === 0) return errors;
  const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  return [...errors, invalidValue(at.child('kind'), kind.kind, text)];
}

function validateGroupVersion(apiVersion: string, at: FieldPath): FieldError[] {
  if (apiVersion === '') return [required(at)];
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) {
    return [invalidValue(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  }
  const version = parts.at(-1)!;
  const group = parts.length === 2 ? parts[0]! : '';
  const joined = (value: string, problems: readonly string[]): FieldError[] =>
    problems.length === 0 ? [] : [invalidValue(at, value, problems.join(','))];
  const errors = group === '' ? [] : joined(group, isDns1123Subdomain(group));
  if (version === '') return [...errors, invalidValue(at, apiVersion, 'version must be specified')];
  return [...errors, ...joined(version, isDns1035Label(version))];
}

/** A named expression that others of the policy may use, from when it has been compiled on. */
export function validateVariable(
  v: { name?: string; expression?: string },
  compiler: PolicyCompiler,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = v.name ?? '';
  if (name.trim() === '') errors.push(required(at.child('name'), 'name is not specified'));
  else if (!identifier.test(name) || isReservedWord(name)) {
    errors.push(invalidValue(at.child('name'), name, 'must be a valid CEL identifier'));
  }
  const expression = v.expression ?? '';
  const place = at.child('expression');
  if (expression.trim() === '') return [...errors, ...validateGiven(expression, place)];
  return [...errors, ...expressionErrors(compiler.variable(name, expression), expression, place)];
}

/** An expression has to be there. */
export function validateGiven(expression: string | undefined, at: FieldPath): FieldError[] {
  if ((expression ?? '').trim() !== '') return [];
  return [required(at, `${at.toString().split('.').at(-1)} is not specified`)];
}
