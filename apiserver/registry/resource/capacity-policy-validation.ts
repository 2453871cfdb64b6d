/** The rules of how a device's capacity may be shared out. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { parseQuantity, type Quantity } from '../../../machinery/meta/quantity.ts';
import type { ResourceSlice } from '../../../machinery/schema/wire.ts';
import { validateSet } from './field-checks.ts';

type Device = NonNullable<NonNullable<ResourceSlice['spec']>['devices']>[number];
type Capacity = NonNullable<Device['capacity']>[string];
type Policy = NonNullable<Capacity['requestPolicy']>;
type Range = NonNullable<Policy['validRange']>;

const maxValues = 10;

/** A capacity of a device; only one that takes several allocations has a policy. */
export function validateCapacity(
  capacity: Capacity,
  shared: boolean,
  owner: FieldPath,
): FieldError[] {
  const policy = capacity.requestPolicy ?? undefined;
  if (policy === undefined) return [];
  const at = owner.child('requestPolicy');
  if (!shared) return [forbiddenField(at, 'allowMultipleAllocations must be true')];
  const values = policy.validValues ?? [];
  const range = policy.validRange ?? undefined;
  if (values.length > 0 && range !== undefined) {
    const text =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at ' +
      'the same time';
    return [forbiddenField(at, text)];
  }
  if (values.length === 0 && range === undefined) return [];
  const which = range === undefined ? 'validValues' : 'validRange';
  if (!policy.default) {
    return [required(at.child('default'), `required when ${which} is defined`)];
  }
  const usual = parseQuantity(policy.default);
  const all = parseQuantity(capacity.value ?? '0');
  if (range !== undefined) return validateRange(range, usual, all, at.child(which));
  return validateValues(values.map(parseQuantity), usual, all, at.child(which));
}

function validateValues(
  values: readonly Quantity[],
  usual: Quantity,
  all: Quantity,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, v] of values.entries()) {
    if (i === 0 || values[i - 1]!.cmp(v) <= 0) continue;
    const text = 'values must be sorted in ascending order';
    errors.push(invalidValue(at.index(i), v.toString(), text));
  }
  const check = (v: Quantity, p: FieldPath): FieldError[] =>
    v.cmp(all) > 0
      ? [invalidValue(p, v.toString(), `option is larger than capacity value: ${all}`)]
      : [];
  errors.push(...validateSet(values, maxValues, check, (v) => String(v.value()), at));
  // With too many values the real server does not come to look for the default.
  if (values.length > maxValues || !values.some((v) => v.cmp(usual) === 0)) {
    const text = 'default value is not valid according to the requestPolicy';
    errors.push(invalidValue(at, usual.toString(), text));
  }
  return errors;
}

function validateRange(range: Range, usual: Quantity, all: Quantity, at: FieldPath): FieldError[] {
  const minAt = at.child('min');
  if (!range.min) return [required(minAt, 'required when validRange is defined')];
  const min = parseQuantity(range.min);
  const errors: FieldError[] = [];
  const larger = (a: Quantity, b: Quantity, shown: Quantity, text: string, p: FieldPath): void => {
    if (a.cmp(b) > 0) errors.push(invalidValue(p, shown.toString(), text));
  };
  larger(min, all, min, `min is larger than capacity value: ${all}`, minAt);
  larger(min, usual, usual, `default is less than min: ${min}`, minAt);
  const max = range.max ? parseQuantity(range.max) : undefined;
  if (max !== undefined) {
    const maxAt = at.child('max');
    larger(min, max, min, `min is larger than max: ${max}`, maxAt);
    larger(max, all, max, `max is larger than capacity value: ${all}`, maxAt);
    larger(usual, max, usual, `default is more than max: ${max}`, maxAt);
  }
  if (!range.step) return errors;
  const step = parseQuantity(range.step);
  const stepAt = at.child('step');
  const first = min.add(step);
  larger(first, all, step, `one step ${first} is larger than capacity value: ${all}`, stepAt);
  for (const value of max === undefined ? [usual] : [usual, max]) {
    if (isMultiple(value, min, step)) continue;
    const text = `value is not a multiple of a given step (${step}) from (${min})`;
    errors.push(invalidValue(stepAt, value.toString(), text));
  }
  return errors;
}

/** A step of zero has no multiples; the real server fails on it. */
function isMultiple(value: Quantity, min: Quantity, step: Quantity): boolean {
  const size = step.value();
  return size !== 0n && (value.value() - min.value()) % size === 0n;
}
