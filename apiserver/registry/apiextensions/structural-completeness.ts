/** What is said inside allOf, anyOf, oneOf and not is about fields that are told outside, too. */

import { type FieldError, type FieldPath, required } from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import { byName, itemSchema, type JsonSchema } from './json-schema.ts';

/** Fields of `s` that only its conditions know. */
export function validateCompleteness(s: JsonSchema, at: FieldPath): FieldError[] {
  return conditionsOf(s, s, at, at);
}

function conditionsOf(
  conditions: JsonSchema,
  s: JsonSchema | undefined,
  at: FieldPath,
  conditionsAt: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.not) {
    errors.push(...nested(conditions.not, s, at, conditionsAt.child('not')));
  }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, c] of (conditions[name] ?? []).entries()) {
      errors.push(...nested(c, s, at, conditionsAt.child(name).index(i)));
    }
  }
  return errors;
}

function nested(
  condition: JsonSchema,
  s: JsonSchema | undefined,
  at: FieldPath,
  conditionAt: FieldPath,
): FieldError[] {
  if (s === undefined) return [required(at, `because it is defined in ${conditionAt}`)];
  const errors = conditionsOf(condition, s, at, conditionAt);
  const items = itemSchema(condition);
  if (items !== undefined) {
    const [below, conditionBelow] = [at.child('items'), conditionAt.child('items')];
    errors.push(...nested(items, itemSchema(s), below, conditionBelow));
  }
  for (const [name, c] of byName(condition.properties)) {
    const below = at.child('properties').key(name);
    const conditionBelow = conditionAt.child('properties').key(name);
    errors.push(...nested(c, member(s.properties, name), below, conditionBelow));
  }
  return errors;
}
