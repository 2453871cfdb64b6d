/** The CEL conditions under which a webhook or a policy is called. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  required,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { validateQualifiedName } from '../core/field-checks.ts';

const maxConditions = 64;

/** Names and presence of expressions; what the expressions say is not read here. */
export function validateMatchConditions(
  conditions: readonly { name?: string; expression?: string }[] | null | undefined,
  at: FieldPath,
): FieldError[] {
  const list = conditions ?? [];
  const errors: FieldError[] = [];
  if (list.length > maxConditions) errors.push(tooMany(at, list.length, maxConditions));
  const seen = new Set<string>();
  for (const [i, c] of list.entries()) {
    const here = at.index(i);
    const name = c.name ?? '';
    if ((c.expression ?? '').trim() === '') errors.push(required(here.child('expression')));
    if (name === '') {
      errors.push(required(here.child('name')));
      continue;
    }
    errors.push(...validateQualifiedName(name, here.child('name')));
    if (seen.has(name)) errors.push(duplicate(here.child('name'), name));
    seen.add(name);
  }
  return errors;
}
