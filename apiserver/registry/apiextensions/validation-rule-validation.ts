/** The rules of x-kubernetes-validations; the expressions themselves are not read here. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { fieldAt } from './field-path.ts';
import type { JsonSchema, ValidationRule } from './json-schema.ts';
import { structuralProblem } from './structural-validation.ts';

const reasons = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
];

/** All rules of one schema. */
export function validateRules(s: JsonSchema, at: FieldPath): FieldError[] {
  const rules = s['x-kubernetes-validations'] ?? [];
  return rules.flatMap((r, i) => validateRule(r, s, at.child('x-kubernetes-validations').index(i)));
}

function hasLineBreak(text: string): boolean {
  return /[\n\r]/.test(text);
}

function validateRule(r: ValidationRule, s: JsonSchema, at: FieldPath): FieldError[] {
  const errors = validateMessage(r, at);
  if (r.messageExpression && r.messageExpression.trim() === '') {
    const text = 'messageExpression must be non-empty if specified';
    errors.push(required(at.child('messageExpression'), text));
  }
  if (r.reason !== undefined && r.reason !== null) {
    errors.push(...validateOneOf(r.reason, reasons, at.child('reason')));
  }
  const path = r.fieldPath ?? '';
  if (path === '') return errors;
  const here = at.child('fieldPath');
  if (path.trim() === '') {
    errors.push(invalidValue(here, path, 'must be non-empty if specified'));
  }
  if (hasLineBreak(path)) errors.push(invalidValue(here, path, 'must not contain line breaks'));
  const found = structuralProblem(s) === undefined ? fieldAt(path, s) : undefined;
  if (found !== undefined && 'problem' in found) {
    errors.push(invalidValue(here, path, 'must be a valid path'));
  }
  return errors;
}

function validateMessage(r: ValidationRule, at: FieldPath): FieldError[] {
  const rule = (r.rule ?? '').trim();
  const message = r.message ?? '';
  const here = at.child('message');
  if (rule === '') return [required(at.child('rule'), 'rule is not specified')];
  if (message !== '' && message.trim() === '') {
    return [invalidValue(here, message, 'must be non-empty if specified')];
  }
  if (hasLineBreak(message.trim())) {
    return [invalidValue(here, message, 'must not contain line breaks')];
  }
  if (!hasLineBreak(rule) || message.trim() !== '') return [];
  return [required(here, 'message must be specified if rule contains line breaks')];
}
