/** The rules of ControllerRevisions. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { ControllerRevision } from '../../../machinery/schema/wire.ts';

const dataPath = FieldPath.of('data');

export function validateControllerRevision(next: ControllerRevision): FieldError[] {
  const errors = validateRevision(next);
  const data: unknown = next.data;
  if (data === undefined || data === null) {
    errors.push(required(dataPath, 'data is mandatory'));
  } else if (typeof data !== 'object' || Array.isArray(data)) {
    errors.push(required(dataPath, 'data must be a valid JSON object'));
  }
  return errors;
}

/** What a revision holds never changes; its number may. */
export function validateControllerRevisionUpdate(
  next: ControllerRevision,
  prev: ControllerRevision,
): FieldError[] {
  const errors = validateRevision(next);
  if (!deepEqual(next.data, prev.data)) {
    errors.push(invalidValue(dataPath, next.data ?? null, 'field is immutable'));
  }
  return errors;
}

function validateRevision(revision: ControllerRevision): FieldError[] {
  return validateNonnegative(revision.revision ?? 0, FieldPath.of('revision'));
}
