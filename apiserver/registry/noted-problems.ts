/**
 * Problems of an object that are found before it is validated, because something has to be asked
 * for that validation, which waits for nothing, cannot ask. Validation tells them with its own.
 */
import type { FieldError } from '../../machinery/meta/field-error.ts';

const noted = new WeakMap<object, FieldError[]>();

export function noteProblem(object: object, problem: FieldError): void {
  const known = noted.get(object);
  if (known === undefined) noted.set(object, [problem]);
  else known.push(problem);
}

/** In the order they were found. */
export function notedProblems(object: object): readonly FieldError[] {
  return noted.get(object) ?? [];
}
