/** The CEL conditions under which a webhook or a policy is called. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  required,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { expressionErrors } from '../../cel/expression-validation.ts';
import { compileCondition } from '../../cel/match-conditions.ts';
import { validateQualifiedName } from '../core/field-checks.ts';

const maxConditions = 64;

/** Names and expressions; those of policies may speak of `params`. */
export function validateMatchConditions(
  conditions: readonly { name?: string; expression?: string }[] | null | undefined,
  at: FieldPath,
  options: { readonly params: boolean } = { params: false },
): FieldError[] {
  const list = conditions ?? [];
  const errors: FieldError[] = [];
  if (list.length > maxConditions) errors.push(tooMany(at, list.length, maxConditions));
  const seen = new Set<string>();
  for (const [i, c] of list.entries()) {
    const here = at.index(i);
    const name = c.name ?? '';
    const expression = (c.expression ?? '').trim();
    const place = here.child('expression');
    if (expression === '') errors.push(required(place));
    else errors.push(...expressionErrors(compileCondition(expression, options), expression, place));
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
