/** Selectors of a request as authorizers see them (KEP 4601). One that cannot be read narrows nothing. */

import { parseFieldSelector } from '../../machinery/meta/fields.ts';
import { parseLabelSelector } from '../../machinery/meta/labels.ts';
import { member } from '../../machinery/meta/member.ts';
import type { SelectorRequirement } from './authorizer.ts';

/** Undefined for a selector that cannot be read. */
export function fieldRequirements(text: string): SelectorRequirement[] | undefined {
  try {
    return parseFieldSelector(text).requirements.map((t) => ({
      key: t.field,
      operator: t.operator === '=' ? 'In' : 'NotIn',
      values: [t.value],
    }));
  } catch {
    return undefined;
  }
}

const operators: Readonly<Record<string, string>> = {
  '=': 'In',
  '==': 'In',
  in: 'In',
  '!=': 'NotIn',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

/** Undefined for a selector that cannot be read; terms that reviews do not know are left out. */
export function labelRequirements(text: string): SelectorRequirement[] | undefined {
  try {
    return parseLabelSelector(text).requirements.flatMap((t) => {
      const operator = member(operators, t.operator);
      return operator === undefined ? [] : [{ key: t.key, operator, values: t.values }];
    });
  } catch {
    return undefined;
  }
}
