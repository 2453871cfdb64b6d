/** Checks of limit ranges: names of resources; minimum, defaults and maximum in order. */

import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import { isQualifiedName } from '../../../machinery/meta/names.ts';
import { parseQuantity, Quantity } from '../../../machinery/meta/quantity.ts';
import type { LimitRange } from '../../../machinery/schema/wire.ts';
import { invalidFor } from './field-checks.ts';
import {
  isOvercommitAllowed,
  type ResourceNameCheck,
  resourceEntries,
  validateContainerResourceName,
  validateResourceName,
} from './resource-names.ts';

type Item = NonNullable<LimitRange['spec']>['limits'][number];

const at = FieldPath.of('spec', 'limits');
const types = ['Pod', 'Container', 'PersistentVolumeClaim'];
/** From here on the real server compares whole units, not thousandths. */
const maxMillis = (2n ** 63n - 1n) / 1000n;

/** Problems of the items of a limit range. */
export function validateLimits(items: readonly Item[]): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const here = at.index(i);
    const errors = validateType(item.type ?? '', here.child('type'));
    if (seen.has(item.type)) errors.push(duplicate(here.child('type'), item.type));
    seen.add(item.type);
    return [...errors, ...validateItem(item, here)];
  });
}

function validateType(type: string, path: FieldPath): FieldError[] {
  const errors = invalidFor(path, type, isQualifiedName(type));
  if (errors.length > 0 || type.includes('/') || types.includes(type)) return errors;
  return [invalidValue(path, type, 'must be a standard limit type or fully qualified')];
}

function validateItem(item: Item, here: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const checkName: ResourceNameCheck =
    item.type === 'Pod' || item.type === 'Container'
      ? validateContainerResourceName
      : validateResourceName;
  const names = new Set<string>();
  const list = (field: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio') => {
    for (const [name] of resourceEntries(item[field])) {
      errors.push(...checkName(name, here.child(field).key(name)));
      names.add(name);
    }
  };
  list('max');
  list('min');
  const pod = item.type === 'Pod';
  for (const field of ['default', 'defaultRequest'] as const) {
    if (!pod) list(field);
    else if (Object.keys(item[field] ?? {}).length > 0) {
      const text = "may not be specified when `type` is 'Pod'";
      errors.push(forbiddenField(here.child(field), text));
    }
  }
  const unbounded = item.min?.['storage'] === undefined && item.max?.['storage'] === undefined;
  if (item.type === 'PersistentVolumeClaim' && unbounded) {
    const text = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(here.child('limits'), text));
  }
  list('maxLimitRequestRatio');
  const compared = pod ? withoutDefaults(item) : item;
  return [...errors, ...[...names].sort().flatMap((name) => validateOrder(name, compared, here))];
}

function withoutDefaults(item: Item): Item {
  const { default: _limit, defaultRequest: _request, ...rest } = item;
  return rest;
}

/** One resource: its bounds and defaults against each other. */
function validateOrder(name: string, item: Item, here: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const of = (list: Readonly<Record<string, string>> | undefined): Quantity | undefined => {
    const text = member(list, name);
    return text === undefined ? undefined : parseQuantity(text);
  };
  const min = of(item.min);
  const max = of(item.max);
  const limit = of(item.default);
  const request = of(item.defaultRequest);
  const ratio = of(item.maxLimitRequestRatio);
  const bad = (field: string, value: Quantity, text: string): void => {
    errors.push(invalidValue(here.child(field).key(name), String(value), text));
  };
  if (min && max && min.cmp(max) > 0) {
    bad('min', min, `min value ${min} is greater than max value ${max}`);
  }
  if (request && min && min.cmp(request) > 0) {
    const text = `min value ${min} is greater than default request value ${request}`;
    bad('defaultRequest', request, text);
  }
  if (request && max && request.cmp(max) > 0) {
    bad(
      'defaultRequest',
      request,
      `default request value ${request} is greater than max value ${max}`,
    );
  }
  if (request && limit && request.cmp(limit) > 0) {
    const text = `default request value ${request} is greater than default limit value ${limit}`;
    bad('defaultRequest', request, text);
  }
  if (limit && min && min.cmp(limit) > 0) {
    bad('default', min, `min value ${min} is greater than default value ${limit}`);
  }
  if (limit && max && limit.cmp(max) > 0) {
    bad('default', max, `default value ${limit} is greater than max value ${max}`);
  }
  if (ratio && ratio.cmp(Quantity.of(1)) < 0) {
    bad('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`);
  }
  if (ratio && min && max) {
    const most = quotient(max, min, ratio);
    const own = most.exact ? Number(ratio.toMillis()) / 1000 : Number(ratio.value());
    if (own > most.value) {
      const shown = Number.isFinite(most.value) ? most.value.toFixed(6) : '+Inf';
      bad('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${shown}`);
    }
  }
  if (!isOvercommitAllowed(name) && limit && request && limit.cmp(request) !== 0) {
    const text = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    bad('defaultRequest', request, text);
  }
  return errors;
}

/** max/min in thousandths where all three are small enough for that. */
function quotient(
  max: Quantity,
  min: Quantity,
  ratio: Quantity,
): { value: number; exact: boolean } {
  const exact = [ratio, min, max].every((q) => q.value() < maxMillis);
  const units = (q: Quantity): number => Number(exact ? q.toMillis() : q.value());
  return { value: units(max) / units(min), exact };
}
