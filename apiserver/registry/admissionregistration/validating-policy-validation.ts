/** The rules of ValidatingAdmissionPolicies. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import type { ValidatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { expressionErrors } from '../../cel/expression-validation.ts';
import { PolicyCompiler } from '../../cel/policy-compiler.ts';
import { validateQualifiedName } from '../core/field-checks.ts';
import { internalList } from '../internal-form.ts';
import { validateGiven, validatePolicyParts, validateVariable } from './policy-parts-validation.ts';
import { validateIfGiven } from './rule-validation.ts';

type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;
type Validation = NonNullable<Spec['validations']>[number];
type AuditAnnotation = NonNullable<Spec['auditAnnotations']>[number];

const maxAuditAnnotations = 20;
const maxAuditExpression = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const specPath = FieldPath.of('spec');

/** A new policy. */
export function validateValidatingPolicy(next: ValidatingAdmissionPolicy): FieldError[] {
  return validateSpec(next, false);
}

/** A changed policy; conditions that stay are not looked at again. */
export function validateValidatingPolicyUpdate(
  next: ValidatingAdmissionPolicy,
  prev: ValidatingAdmissionPolicy,
): FieldError[] {
  const conditionsOf = (p: ValidatingAdmissionPolicy): unknown[] => [
    p.spec?.paramKind ?? null,
    p.spec?.matchConditions ?? [],
  ];
  return [...validateSpec(next, deepEqual(conditionsOf(next), conditionsOf(prev)))];
}

function validateSpec(policy: ValidatingAdmissionPolicy, keptConditions: boolean): FieldError[] {
  const spec = policy.spec!;
  const variables = spec.variables ?? [];
  const compiler = new PolicyCompiler({
    params: Boolean(spec.paramKind),
    composed: variables.length > 0,
  });
  const errors = [
    ...validatePolicyParts(spec, { keptConditions }, specPath),
    ...variables.flatMap((v, i) =>
      validateVariable(v, compiler, specPath.child('variables').index(i)),
    ),
  ];
  const validations = spec.validations ?? [];
  const annotations = spec.auditAnnotations ?? [];
  if (validations.length === 0 && annotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item';
    return [
      ...errors,
      required(specPath.child('validations'), text),
      required(specPath.child('auditAnnotations'), text),
    ];
  }
  return [
    ...errors,
    ...validations.flatMap((v, i) =>
      validateValidation(v, compiler, specPath.child('validations').index(i)),
    ),
    ...validateAuditAnnotations(policy.metadata?.name ?? '', annotations, compiler),
  ];
}

function validateValidation(v: Validation, compiler: PolicyCompiler, at: FieldPath): FieldError[] {
  const { expression = '', messageExpression = '' } = v;
  const place = at.child('expression');
  const errors =
    expression.trim() === ''
      ? validateGiven(expression, place)
      : expressionErrors(compiler.validation(expression), expression, place);
  const blank = (name: 'message' | 'messageExpression'): boolean => {
    const value = v[name] ?? '';
    if (value === '' || value.trim() !== '') return false;
    errors.push(invalidValue(at.child(name), value, 'must be non-empty if specified'));
    return true;
  };
  if (!blank('messageExpression') && messageExpression !== '') {
    const compiled = compiler.message(messageExpression);
    errors.push(...expressionErrors(compiled, messageExpression, at.child('messageExpression')));
  }
  if (!blank('message') && /[\n\r]/.test((v.message ?? '').trim())) {
    errors.push(invalidValue(at.child('message'), v.message, 'must not contain line breaks'));
  }
  return [...errors, ...validateIfGiven(v.reason, reasons, at.child('reason'))];
}

function validateAuditAnnotations(
  policy: string,
  annotations: readonly AuditAnnotation[],
  compiler: PolicyCompiler,
): FieldError[] {
  const at = specPath.child('auditAnnotations');
  const errors: FieldError[] = [];
  if (annotations.length > maxAuditAnnotations) {
    const shown = internalList('admissionregistration/v1.AuditAnnotation', annotations);
    const text = `must not have more than ${maxAuditAnnotations} auditAnnotations`;
    errors.push(invalidValue(at, shown, text));
  }
  const seen = new Set<string>();
  for (const [i, a] of annotations.entries()) {
    const key = a.key ?? '';
    errors.push(...validateAuditAnnotation(policy, a, compiler, at.index(i)));
    if (seen.has(key)) errors.push(duplicate(at.index(i).child('key'), key));
    seen.add(key);
  }
  return errors;
}

function validateAuditAnnotation(
  policy: string,
  a: AuditAnnotation,
  compiler: PolicyCompiler,
  at: FieldPath,
): FieldError[] {
  const key = at.child('key');
  const errors =
    policy === ''
      ? [invalidValue(key, a.key ?? '', 'requires metadata.name be non-empty')]
      : validateQualifiedName(`${policy}/${a.key ?? ''}`, key);
  const value = at.child('valueExpression');
  const given = a.valueExpression ?? '';
  const expression = given.trim();
  if (expression === '') return [...errors, ...validateGiven(given, value)];
  if (Buffer.byteLength(expression) > maxAuditExpression) {
    const text = `must not exceed ${maxAuditExpression} bytes in length`;
    return [...errors, required(value, text)];
  }
  return [...errors, ...expressionErrors(compiler.auditAnnotation(expression), given, value)];
}
