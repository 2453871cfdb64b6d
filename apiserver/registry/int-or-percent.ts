/** Checks of fields that hold a count or a percentage of pods. */
import { type FieldError, type FieldPath, invalidValue } from '../../machinery/meta/field-error.ts';
import { isPercent } from '../../machinery/meta/names.ts';
import { validateNonnegative } from '../../machinery/meta/object-meta-validation.ts';

/** The wire form of such a field; absent stands for 0. */
export type IntOrPercent = number | string | undefined;

/** A count of at least zero or a percentage. */
export function validateIntOrPercent(value: IntOrPercent, at: FieldPath): FieldError[] {
  if (typeof value === 'string') return isPercent(value).map((p) => invalidValue(at, value, p));
  return validateNonnegative(value ?? 0, at);
}

/** A percentage of at most 100; other values pass. */
export function validateAtMost100Percent(value: IntOrPercent, at: FieldPath): FieldError[] {
  const percent = percentOf(value);
  if (percent === undefined || percent <= 100) return [];
  return [invalidValue(at, value, 'must not be greater than 100%')];
}

/** The number, be it a count or a percentage; 0 for other texts. */
export function amountOf(value: IntOrPercent): number {
  if (typeof value !== 'string') return value ?? 0;
  return percentOf(value) ?? (/^[+-]?\d+$/.test(value) ? Number(value) : 0);
}

function percentOf(value: IntOrPercent): number | undefined {
  if (typeof value !== 'string' || isPercent(value).length > 0) return undefined;
  return Number(value.slice(0, -1));
}
