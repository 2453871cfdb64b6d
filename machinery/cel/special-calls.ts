/** Calls with rules of their own: equality, membership in constant lists, alternatives. */
import { callCost } from './call-cost.ts';
import { equality } from './equality.ts';
import type { Eval } from './frame.ts';
import type { CallCosts, Overload } from './library.ts';
import { ListValue } from './list-value.ts';
import type { Step } from './plan.ts';
import { boolType } from './types.ts';
import { CelError, Optional, type Result, Uint, type Value } from './values.ts';

/** The plan of a special call; `undefined` for all others. `overload` is empty if not known. */
export function specialCall(
  fn: string,
  overload: string,
  args: readonly Step[],
  costs: CallCosts | undefined,
): Step | undefined {
  switch (fn) {
    case '_==_':
      return comparison(args, false, costs);
    case '_!=_':
      return comparison(args, true, costs);
    case '@in':
      return overload === 'in_list' ? membership(args) : undefined;
    case 'or':
      return args.length === 2 && (overload === '' || overload === 'optional_or_optional')
        ? alternative(args, (found) => found)
        : undefined;
    case 'orValue':
      return args.length === 2 && (overload === '' || overload === 'optional_orValue_value')
        ? alternative(args, (found) => found.value!)
        : undefined;
    default:
      return undefined;
  }
}

const equals: Overload = { id: 'equals', params: [], result: boolType };
const notEquals: Overload = { id: 'not_equals', params: [], result: boolType };

/** An error on either side is the outcome; one of the comparison itself counts as not equal. */
function comparison(
  [left, right]: readonly Step[],
  negated: boolean,
  costs: CallCosts | undefined,
): Step {
  const [l, r] = [left!.eval, right!.eval];
  const cost = negated ? callCost('_!=_', notEquals, costs) : callCost('_==_', equals, costs);
  const evaluate: Eval = (frame) => {
    const a = l(frame);
    const b = r(frame);
    let result: Result;
    if (a instanceof CelError) result = a;
    else if (b instanceof CelError) result = b;
    else result = negated ? equality(a, b) !== true : equality(a, b);
    frame.charge(cost([a as Value, b as Value], result));
    return result;
  };
  return { eval: evaluate };
}

/** `x in [constants]` looks into a set, and costs nothing beside `x`. */
function membership([element, list]: readonly Step[]): Step | undefined {
  const values = list!.constant?.value;
  if (!(values instanceof ListValue)) return undefined;
  if (values.size() === 0) return { eval: () => false, constant: { value: false } };
  const members = new Set<unknown>();
  for (const value of values) {
    if (!isPlain(value)) return undefined;
    members.add(memberKey(value));
  }
  const evaluate = element!.eval;
  return {
    eval: (frame) => {
      const value = evaluate(frame);
      if (value instanceof CelError) return value;
      return isPlain(value) && !Number.isNaN(value) && members.has(memberKey(value));
    },
  };
}

function isPlain(value: Value): boolean {
  return typeof value !== 'object' || value instanceof Uint;
}

/** The same for numbers of the same value. */
function memberKey(value: Value): unknown {
  if (value instanceof Uint) return value.value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

/** `a.or(b)`: the second is looked at where the first has nothing. */
function alternative(args: readonly Step[], take: (found: Optional) => Value): Step {
  const [first, second] = [args[0]!.eval, args[1]!.eval];
  return {
    eval: (frame) => {
      const found = first(frame);
      if (!(found instanceof Optional)) return found;
      return found.value === undefined ? second(frame) : take(found);
    },
  };
}
