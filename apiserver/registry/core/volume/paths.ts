/** Paths inside volumes and on nodes. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';

/** No `..` among the elements. */
export function validateNoBacksteps(path: string, at: FieldPath): FieldError[] {
  return path.split('/').includes('..') ? [invalidValue(at, path, "must not contain '..'")] : [];
}

/** A relative path that does not lead out of its directory. */
export function validateDescendingPath(path: string, at: FieldPath): FieldError[] {
  const errors = validateNoBacksteps(path, at);
  if (path.startsWith('/')) errors.unshift(invalidValue(at, path, 'must be a relative path'));
  return errors;
}

/** The same for files that the kubelet writes: names that begin with `..` are its own. */
export function validateLocalPath(path: string, at: FieldPath): FieldError[] {
  const errors = validateDescendingPath(path, at);
  if (path.startsWith('..') && !path.startsWith('../')) {
    errors.push(invalidValue(at, path, "must not start with '..'"));
  }
  return errors;
}

/** validateLocalPath as a question. */
export function isLocalPath(path: string): boolean {
  return validateLocalPath(path, FieldPath.root).length === 0;
}
