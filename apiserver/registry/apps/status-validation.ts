/** Rules that the status of all workloads of group apps have in common. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
} from '../../../machinery/meta/field-error.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';

/** None of the fields may be below zero. */
export function validateCounts<F extends string>(
  status: { readonly [K in F]?: number },
  at: FieldPath,
  fields: readonly F[],
): FieldError[] {
  return fields.flatMap((f) => validateNonnegative(status[f] ?? 0, at.child(f)));
}

/** collisionCount only grows; an absent one stands for the smallest. */
export function validateNotDecremented(
  next: number | undefined,
  prev: number | undefined,
  at: FieldPath,
): FieldError[] {
  if (prev === undefined || (next !== undefined && next >= prev)) return [];
  return [invalidValue(at.child('collisionCount'), next ?? 0, 'cannot be decremented')];
}
