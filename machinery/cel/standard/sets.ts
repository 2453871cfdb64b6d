/** Lists as sets: `sets.contains(a, b)`, `sets.intersects`, `sets.equivalent`. */
import { costSize } from '../call-cost.ts';
import { equalValues } from '../equality.ts';
import {
  addRanges,
  type CostNode,
  fixed,
  multiplyRanges,
  type Range,
  type SizeEstimator,
  scaleRange,
  unknownSize,
} from '../estimate.ts';
import type { FunctionDeclaration, Library } from '../library.ts';
import type { ListValue } from '../list-value.ts';
import { boolType, listType, typeParam } from '../types.ts';
import type { Value } from '../values.ts';

/** A node's size by what it says itself, what is declared, or nothing. */
export function estimatedSize(sizes: SizeEstimator, node: CostNode): Range {
  return node.computedSize ?? sizes.size(node) ?? unknownSize;
}

function includes(list: ListValue, value: Value): boolean {
  for (const item of list) if (equalValues(value, item)) return true;
  return false;
}

function containsAll(list: ListValue, part: ListValue): boolean {
  for (const item of part) if (!includes(list, item)) return false;
  return true;
}

function intersects(a: ListValue, b: ListValue): boolean {
  for (const item of a) if (includes(b, item)) return true;
  return false;
}

const list = listType(typeParam('T'));

function onSets(
  name: string,
  factor: number,
  holds: (a: ListValue, b: ListValue) => boolean,
): FunctionDeclaration {
  return {
    name: `sets.${name}`,
    overloads: [
      {
        id: `list_sets_${name}_list`,
        params: [list, list],
        result: boolType,
        call: (a, b) => holds(a as ListValue, b as ListValue),
        cost: ([a, b]) => 1 + costSize(a!) * costSize(b!) * factor,
        estimate(sizes, _target, args) {
          if (args.length !== 2) return undefined;
          const [a, b] = [estimatedSize(sizes, args[0]!), estimatedSize(sizes, args[1]!)];
          return { cost: addRanges(scaleRange(multiplyRanges(a, b), factor), fixed(1)) };
        },
      },
    ],
  };
}

export const sets: Library = {
  name: 'cel.lib.ext.sets',
  functions: [
    onSets('contains', 1, containsAll),
    onSets('equivalent', 2, (a, b) => containsAll(a, b) && containsAll(b, a)),
    onSets('intersects', 1, intersects),
  ],
};
