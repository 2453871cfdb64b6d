/** Permission bits of files in volumes, and the items that name such files. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { validateLocalPath } from './paths.ts';

const maxMode = 0o777;

/** A mode within 0777; absent is fine. */
export function validateFileMode(mode: number | undefined, at: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= maxMode)) return [];
  return [invalidValue(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

/** A key and the file it becomes. */
export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

/** Items of a ConfigMap or Secret volume. */
export function validateKeyToPath(item: KeyToPath, at: FieldPath): FieldError[] {
  return [
    ...(item.key ? [] : [required(at.child('key'))]),
    ...(item.path ? [] : [required(at.child('path'))]),
    ...validateLocalPath(item.path ?? '', at.child('path')),
    ...validateFileMode(item.mode, at.child('mode')),
  ];
}
