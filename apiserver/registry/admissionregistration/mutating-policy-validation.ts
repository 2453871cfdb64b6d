/** The rules of MutatingAdmissionPolicies. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import type { MutatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { expressionErrors } from '../../cel/expression-validation.ts';
import { PolicyCompiler } from '../../cel/policy-compiler.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { validatePolicyParts, validateVariable } from './policy-parts-validation.ts';
import { validateMutatingOperations } from './rule-validation.ts';

type Spec = NonNullable<MutatingAdmissionPolicy['spec']>;
type Mutation = NonNullable<Spec['mutations']>[number];

const reinvocationPolicies = ['IfNeeded', 'Never'];
const specPath = FieldPath.of('spec');
/** Each patch type and the field that holds it. */
const patchTypes = [
  ['ApplyConfiguration', 'applyConfiguration'],
  ['JSONPatch', 'jsonPatch'],
] as const;

/** A new policy. */
export function validateMutatingPolicy(next: MutatingAdmissionPolicy): FieldError[] {
  return validateSpec(next.spec!, false);
}

/** A changed policy; conditions that stay are not looked at again. */
export function validateMutatingPolicyUpdate(
  next: MutatingAdmissionPolicy,
  prev: MutatingAdmissionPolicy,
): FieldError[] {
  const conditionsOf = (p: MutatingAdmissionPolicy): unknown[] => [
    p.spec?.paramKind ?? null,
    p.spec?.matchConditions ?? [],
  ];
  return [...validateSpec(next.spec!, deepEqual(conditionsOf(next), conditionsOf(prev)))];
}

function validateSpec(spec: Spec, keptConditions: boolean): FieldError[] {
  const errors = validatePolicyParts(spec, { keptConditions }, specPath);
  const operations = validateMutatingOperations(
    spec.matchConstraints,
    specPath.child('matchConstraints'),
  );
  // The real server looks at the operations before it comes to the match conditions.
  const conditions = errors.findIndex((e) => e.field.startsWith('spec.matchConditions'));
  errors.splice(conditions < 0 ? errors.length : conditions, 0, ...operations);
  const compiler = new PolicyCompiler({ params: Boolean(spec.paramKind), composed: true });
  for (const [i, v] of (spec.variables ?? []).entries()) {
    errors.push(...validateVariable(v, compiler, specPath.child('variables').index(i)));
  }
  const mutations = specPath.child('mutations');
  if (!spec.mutations?.length) {
    errors.push(required(mutations, 'mutations must contain at least one item'));
  }
  for (const [i, m] of (spec.mutations ?? []).entries()) {
    errors.push(...validateMutation(m, compiler, mutations.index(i)));
  }
  const reinvocation = specPath.child('reinvocationPolicy');
  if (!spec.reinvocationPolicy) return [...errors, required(reinvocation)];
  return [...errors, ...validateOneOf(spec.reinvocationPolicy, reinvocationPolicies, reinvocation)];
}

function validateMutation(m: Mutation, compiler: PolicyCompiler, at: FieldPath): FieldError[] {
  if (!m.patchType) return [required(at.child('patchType'))];
  const type = patchTypes.find(([name]) => name === m.patchType);
  if (type === undefined) {
    const names = patchTypes.map(([name]) => name);
    return [notSupported(at.child('patchType'), m.patchType, names)];
  }
  const [name, field] = type;
  const errors: FieldError[] = [];
  const patch = m[field];
  const expression = (patch?.expression ?? '').trim();
  const place = at.child(field, 'expression');
  if (!patch) {
    const text = `must be specified when patchType is ${name}`;
    errors.push(required(at.child(field), text));
  } else if (expression === '') errors.push(required(place));
  else errors.push(...expressionErrors(compiler[field](expression), expression, place));
  const [, other] = patchTypes.find(([n]) => n !== name)!;
  if (m[other]) {
    const text = `must not be specified when patchType is ${name}`;
    errors.push(invalidValue(at.child(other), `{${other}}`, text));
  }
  return errors;
}
