/** What calls cost at run time unless a library or environment says otherwise. */
import type { CallCosts, Overload } from './library.ts';
import { sizeOf } from './standard/strings.ts';
import { CelError, ObjectValue, Optional, type Result, type Value } from './values.ts';

/** Of a string's length, what going through it once costs. */
export const traversalFactor = 0.1;
/** Of a pattern's length, what matching it against one character costs. */
export const patternFactor = 0.25;
/** Of making a list. */
export const listCost = 10;
/** Of making a map. */
export const mapCost = 30;
/** Of making an object. */
export const structCost = 40;

/** The cost of one call, its arguments' aside. */
export type CallCost = (args: readonly Value[], result: Result) => number;

/** The size costs go by: 1 for what has none. */
export function costSize(v: Result): number {
  if (v instanceof CelError) return 1;
  if (v instanceof Optional) return v.value === undefined ? 1 : costSize(v.value);
  if (v instanceof ObjectValue) return v.size?.() ?? 1;
  return sizeOf(v) ?? 1;
}

const one: CallCost = () => 1;

function traversal(v: Value): number {
  return Math.ceil(costSize(v) * traversalFactor);
}

/** One for numbers and their like. */
const smaller: CallCost = ([a, b]) =>
  Math.ceil(Math.min(costSize(a!), costSize(b!)) * traversalFactor);

const first: CallCost = ([s]) => traversal(s!);

const defaults: Readonly<Record<string, CallCost>> = {
  starts_with_string: first,
  ends_with_string: first,
  string_to_bytes: first,
  bytes_to_string: first,
  strings_quote: first,
  string_format: first,
  in_list: ([, list]) => costSize(list!),
  less_string: smaller,
  greater_string: smaller,
  less_equals_string: smaller,
  greater_equals_string: smaller,
  less_bytes: smaller,
  greater_bytes: smaller,
  less_equals_bytes: smaller,
  greater_equals_bytes: smaller,
  equals: smaller,
  not_equals: smaller,
  add_string: ([a, b]) => Math.ceil((costSize(a!) + costSize(b!)) * traversalFactor),
  add_bytes: ([a, b]) => Math.ceil((costSize(a!) + costSize(b!)) * traversalFactor),
  matches_string: ([s, pattern]) =>
    Math.ceil((1 + costSize(s!)) * traversalFactor) * Math.ceil(costSize(pattern!) * patternFactor),
  contains_string: ([s, part]) => traversal(s!) * traversal(part!),
};

/**
 * How a call is charged. `overload` is the one it is known to go to, if it is one only; what that
 * says comes first, then the environment, then the default.
 */
export function callCost(
  fn: string,
  overload: Overload | undefined,
  costs: CallCosts | undefined,
): CallCost {
  const id = overload?.id ?? '';
  const byDefault = Object.hasOwn(defaults, id) ? defaults[id]! : one;
  const own = overload?.cost;
  const actual = costs?.actual?.bind(costs);
  if (own === undefined && actual === undefined) return byDefault;
  return (args, result) =>
    own?.(args, result) ?? actual?.(fn, id, args, result) ?? byDefault(args, result);
}
