/** What calls may cost unless a library or the caller says otherwise. */
import { patternFactor, traversalFactor } from './call-cost.ts';
import {
  addRanges,
  type CallEstimate,
  type CostNode,
  fixed,
  multiplyRanges,
  type Range,
  scaleRange,
  unbounded,
  unionRanges,
} from './estimate.ts';
import { sizeOrUnknown } from './size-table.ts';

/** A call's arguments, and what they cost themselves. */
export interface EstimatedArguments {
  readonly target: CostNode | undefined;
  readonly args: readonly CostNode[];
  readonly costs: readonly Range[];
}

type Rule = (call: EstimatedArguments, sum: Range) => CallEstimate | undefined;

function traversal(size: Range): Range {
  return scaleRange(size, traversalFactor);
}

const smaller: Rule = ({ args }, sum) => {
  const max = Math.min(sizeOrUnknown(args[0]).max, sizeOrUnknown(args[1]).max);
  return { cost: addRanges(traversal({ min: max > 0 ? 1 : 0, max }), sum) };
};

const ofArgument: Rule = ({ args }, sum) =>
  args.length === 1 ? { cost: addRanges(traversal(sizeOrUnknown(args[0])), sum) } : undefined;

const concatenation: Rule = ({ args }, sum) => {
  if (args.length !== 2) return undefined;
  const resultSize = addRanges(sizeOrUnknown(args[0]), sizeOrUnknown(args[1]));
  return { cost: addRanges(traversal(resultSize), sum), resultSize };
};

const shortCircuit: Rule = ({ costs: [left, right] }) => ({
  cost: { min: left!.min, max: addRanges(left!, right!).max },
});

const rules: Readonly<Record<string, Rule>> = {
  string_format: ({ target }, sum) =>
    target === undefined ? undefined : { cost: addRanges(traversal(sizeOrUnknown(target)), sum) },
  string_to_bytes: ({ args }, sum) => {
    const size = sizeOrUnknown(args[0]);
    return {
      cost: addRanges(traversal(size), sum),
      resultSize: { min: size.min, max: Math.min(size.max * 4, unbounded) },
    };
  },
  bytes_to_string: ({ args }, sum) => {
    const size = sizeOrUnknown(args[0]);
    return {
      cost: addRanges(traversal(size), sum),
      resultSize: { min: Math.floor(size.min / 4), max: size.max },
    };
  },
  strings_quote: ({ args }, sum) => {
    const size = sizeOrUnknown(args[0]);
    // Sizes without a bound wrap around to nothing there.
    const max = size.max >= unbounded ? 0 : size.max * 2 + 2;
    return { cost: addRanges(traversal(size), sum), resultSize: { min: size.min + 2, max } };
  },
  starts_with_string: ofArgument,
  ends_with_string: ofArgument,
  in_list: ({ args }, sum) =>
    args.length === 2 ? { cost: addRanges(sizeOrUnknown(args[1]), sum) } : undefined,
  matches_string: ({ target, args }, sum) => {
    if (target === undefined || args.length !== 1) return undefined;
    const text = traversal(addRanges(sizeOrUnknown(target), fixed(1)));
    const pattern = scaleRange(sizeOrUnknown(args[0]), patternFactor);
    return { cost: addRanges(multiplyRanges(text, pattern), sum) };
  },
  contains_string: ({ target, args }, sum) => {
    if (target === undefined || args.length !== 1) return undefined;
    const [text, part] = [sizeOrUnknown(target), sizeOrUnknown(args[0])];
    return { cost: addRanges(multiplyRanges(traversal(text), traversal(part)), sum) };
  },
  logical_or: shortCircuit,
  logical_and: shortCircuit,
  conditional: ({ args, costs }) => ({
    cost: addRanges(costs[0]!, unionRanges(costs[1]!, costs[2]!)),
    resultSize: unionRanges(sizeOrUnknown(args[1]), sizeOrUnknown(args[2])),
  }),
  add_string: concatenation,
  add_bytes: concatenation,
  add_list: ({ args }, sum) => {
    if (args.length !== 2) return undefined;
    const resultSize = addRanges(sizeOrUnknown(args[0]), sizeOrUnknown(args[1]));
    return { cost: addRanges(fixed(1), sum), resultSize };
  },
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
};

/** The cost of all arguments that `costs` has. */
export function costSum(costs: readonly Range[]): Range {
  return costs.reduce(addRanges, fixed(0));
}

/** The default for a call of `overload`, its arguments included. */
export function estimateByDefault(overload: string, call: EstimatedArguments): CallEstimate {
  const sum = costSum(call.costs);
  const rule = Object.hasOwn(rules, overload) ? rules[overload] : undefined;
  return rule?.(call, sum) ?? { cost: addRanges(fixed(1), sum) };
}
