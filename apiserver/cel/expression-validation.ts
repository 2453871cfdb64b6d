/** Expressions in fields of API objects: what is said when they do not compile. */
import {
  type FieldError,
  type FieldPath,
  internalFieldError,
  invalidValue,
} from '../../machinery/meta/field-error.ts';
import type { ExpressionProblem } from './compile.ts';

/** Nothing, or the problem; `shown` is the value that it names. */
export function expressionErrors(
  result: { readonly program: unknown } | ExpressionProblem,
  shown: string,
  at: FieldPath,
): FieldError[] {
  if (!('problem' in result)) return [];
  return [
    result.internal
      ? internalFieldError(at, result.problem)
      : invalidValue(at, shown, result.problem),
  ];
}
