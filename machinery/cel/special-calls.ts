/** Calls with rules of their own: equality, membership in constant lists, alternatives. */
import { smallerSizeCost } from './call-cost.ts';
import { equalValues } from './equality.ts';
import type { Eval } from './frame.ts';
import { ListValue } from './list-value.ts';
import type { Step } from './plan.ts';
import { CelError, Optional, Uint, type Value } from './values.ts';

/** The plan of a special call; `undefined` for all others. `overload` is empty if not known. */
export function specialCall(fn: string, overload: string, args: readonly Step[]): Step | undefined {
  switch (fn) {
    case '_==_':
      return equality(args, true);
    case '_!=_':
      return equality(args, false);
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

function equality([left, right]: readonly Step[], expected: boolean): Step {
  const [l, r] = [left!.eval, right!.eval];
  const evaluate: Eval = (frame) => {
    const a = l(frame);
    const b = r(frame);
    if (a instanceof CelError || b instanceof CelError) {
      frame.charge(smallerSizeCost(a, b));
      return a instanceof CelError ? a : b;
    }
    frame.charge(smallerSizeCost(a, b));
    return equalValues(a, b) === expected;
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
