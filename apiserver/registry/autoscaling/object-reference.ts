/** References to objects of any group version, as autoscalers have them. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isPathSegmentName } from '../../../machinery/meta/names.ts';
import { invalidFor } from '../core/field-checks.ts';

/** What is referred to; an absent apiVersion is the core group's. */
export interface Reference {
  apiVersion?: string;
  kind: string;
  name: string;
}

/** `versionProblem`: what is wrong with apiVersion, undefined when it is fine. */
export function validateObjectReference(
  ref: Reference,
  at: FieldPath,
  versionProblem: (ref: Reference) => string | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['kind', 'name'] as const) {
    const value = ref[field] ?? '';
    const fieldAt = at.child(field);
    if (value === '') errors.push(required(fieldAt));
    else errors.push(...invalidFor(fieldAt, value, isPathSegmentName(value)));
  }
  const problem = versionProblem(ref);
  if (problem !== undefined) {
    errors.push(invalidValue(at.child('apiVersion'), ref.apiVersion ?? '', problem));
  }
  return errors;
}

/** What is wrong with apiVersion; `emptyGroup`: the core group will do. */
export function versionProblem(ref: Reference, emptyGroup: boolean): string | undefined {
  const version = ref.apiVersion ?? '';
  const parts = version === '/' ? [] : version.split('/');
  if (parts.length > 2) return `unexpected GroupVersion string: ${version}`;
  const group = parts.length === 2 ? parts[0]! : '';
  return group === '' && !emptyGroup ? 'apiVersion must specify API group' : undefined;
}
