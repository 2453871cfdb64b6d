/** `slice`, `flatten`, `sort`, `sortBy`, `distinct`, `reverse` of lists, and `lists.range`. */
import type { Expr } from '../ast.ts';
import { costSize } from '../call-cost.ts';
import { compareValues } from '../comparison.ts';
import { equalValues } from '../equality.ts';
import { fixed, multiplyRanges, unbounded } from '../estimate.ts';
import type { FunctionDeclaration, Library, Overload } from '../library.ts';
import { ArrayList, ListValue } from '../list-value.ts';
import type { Macro } from '../macro.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  type Kind,
  listType,
  stringType,
  timestampType,
  typeParam,
  uintType,
} from '../types.ts';
import { CelError, typeOf, type Value } from '../values.ts';
import {
  actual,
  allocating,
  literalOr,
  ofResult,
  selfCompare,
  sortEstimate,
} from './list-costs.ts';
import { gatherFold, macroVariable } from './macros.ts';
import { estimatedSize } from './sets.ts';

const comparable: readonly CelType[] = [
  ...[intType, uintType, doubleType, boolType, durationType, timestampType],
  ...[stringType, bytesType],
];
const comparableKinds = new Set<Kind>(comparable.map((t) => t.kind));

function slice(list: ListValue, start: bigint, end: bigint): ListValue | CelError {
  const fail = (why: string): CelError => new CelError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) return fail('negative indexes not supported');
  if (start > end) return fail('start index must be less than or equal to end index');
  if (BigInt(list.size()) < end) return fail(`list is length ${list.size()}`);
  const values: Value[] = [];
  for (let i = Number(start); i < Number(end); i++) values.push(list.at(i));
  return new ArrayList(values);
}

function flatten(list: ListValue, depth: bigint): ListValue | CelError {
  if (depth < 0n) return new CelError('level must be non-negative');
  const values: Value[] = [];
  const gather = (from: ListValue, left: bigint): void => {
    for (const item of from) {
      if (left > 0n && item instanceof ListValue) gather(item, left - 1n);
      else values.push(item);
    }
  };
  gather(list, depth);
  return new ArrayList(values);
}

function sortByKeys(list: ListValue, keys: ListValue): ListValue | CelError {
  const size = list.size();
  if (size !== keys.size()) {
    return new CelError(
      '@sortByAssociatedKeys() expected a list of the same size as the associated keys list, ' +
        `but got ${size} and ${keys.size()} elements respectively`,
    );
  }
  if (size === 0) return list;
  const { kind, name } = typeOf(keys.at(0));
  if (!comparableKinds.has(kind)) return new CelError('list elements must be comparable');
  const pairs = Array.from({ length: size }, (_, i) => ({ value: list.at(i), key: keys.at(i) }));
  if (pairs.some(({ key }) => typeOf(key).name !== name)) {
    return new CelError('list elements must have the same type');
  }
  pairs.sort((a, b) => {
    const order = compareValues(a.key, b.key);
    return order instanceof CelError ? 0 : order;
  });
  return new ArrayList(pairs.map((p) => p.value));
}

function distinct(list: ListValue): ListValue {
  const values: Value[] = [];
  for (const item of list) if (!values.some((known) => equalValues(item, known))) values.push(item);
  return new ArrayList(values);
}

/** 0, 1, 2 and so on, without holding any: its cost is known only when it is made. */
class RangeList extends ListValue {
  private readonly count: number;

  constructor(count: number) {
    super();
    this.count = count;
  }

  size(): number {
    return this.count;
  }

  at(index: number): Value {
    return BigInt(index);
  }
}

function sortOverload(t: CelType): Overload {
  return {
    id: `list_${t.name}_sort`,
    member: true,
    params: [listType(t)],
    result: listType(t),
    cost: ([l]) => selfCompare(l as ListValue),
    estimate: (sizes, target) =>
      target === undefined ? undefined : sortEstimate(sizes, target, t),
  };
}

function sortByOverload(t: CelType): Overload {
  return {
    id: `list_${t.name}_sortByAssociatedKeys`,
    member: true,
    params: [list, listType(t)],
    result: list,
    cost: ([, keys]) => selfCompare(keys as ListValue),
    estimate: (sizes, target, args) =>
      target === undefined || args.length !== 1 ? undefined : sortEstimate(sizes, args[0]!, t),
  };
}

const list = listType(typeParam('T'));

const functions: readonly FunctionDeclaration[] = [
  {
    name: 'slice',
    overloads: [
      {
        id: 'list_slice',
        member: true,
        params: [list, intType, intType],
        result: list,
        call: (l, start, end) => slice(l as ListValue, start as bigint, end as bigint),
        cost: ofResult,
        estimate(sizes, target, args) {
          if (target === undefined || args.length !== 2) return undefined;
          const end = literalOr(args[1]!, estimatedSize(sizes, target).max);
          const size = end - literalOr(args[0]!, 0);
          // Below nothing they wrap around.
          return allocating(1, fixed(size < 0 ? unbounded + size : size));
        },
      },
    ],
  },
  {
    name: 'flatten',
    overloads: [
      {
        id: 'list_flatten',
        member: true,
        params: [listType(list)],
        result: list,
        call: (l) => flatten(l as ListValue, 1n),
        cost: ([l]) => actual(1, costSize(l!)),
        estimate: (sizes, target) =>
          target === undefined ? undefined : allocating(1, estimatedSize(sizes, target)),
      },
      {
        id: 'list_flatten_int',
        member: true,
        params: [listType(dynType), intType],
        result: listType(dynType),
        call: (l, depth) => flatten(l as ListValue, depth as bigint),
        cost: ([l, depth]) => actual(Number(depth), costSize(l!)),
        estimate: (sizes, target, args) =>
          target === undefined
            ? undefined
            : allocating(literalOr(args[0]!, unbounded), estimatedSize(sizes, target)),
      },
    ],
  },
  {
    name: 'sort',
    overloads: comparable.map(sortOverload),
    singleton: (l) => sortByKeys(l as ListValue, l as ListValue),
    operands: new Set<Kind>(['list']),
  },
  {
    name: '@sortByAssociatedKeys',
    overloads: comparable.map(sortByOverload),
    singleton: (l, keys) => sortByKeys(l as ListValue, keys as ListValue),
    operands: new Set<Kind>(['list']),
  },
  {
    name: 'lists.range',
    overloads: [
      {
        id: 'lists_range',
        params: [intType],
        result: listType(intType),
        call: (n) => new RangeList(Math.max(0, Number(n))),
        cost: ofResult,
        estimate: (_sizes, target, args) =>
          target !== undefined || args.length !== 1
            ? undefined
            : allocating(1, fixed(literalOr(args[0]!, unbounded))),
      },
    ],
  },
  {
    name: 'reverse',
    overloads: [
      {
        id: 'list_reverse',
        member: true,
        params: [list],
        result: list,
        call: (l) => new ArrayList([...(l as ListValue)].reverse()),
        cost: ofResult,
        estimate: (sizes, target) =>
          target === undefined ? undefined : allocating(1, estimatedSize(sizes, target)),
      },
    ],
  },
  {
    name: 'distinct',
    overloads: [
      {
        id: 'list_distinct',
        member: true,
        params: [list],
        result: list,
        call: (l) => distinct(l as ListValue),
        cost: ([l]) => selfCompare(l as ListValue),
        estimate(sizes, target) {
          if (target === undefined) return undefined;
          const size = estimatedSize(sizes, target);
          return allocating(2, multiplyRanges(size, size));
        },
      },
    ],
  },
];

const sortable = new Set<Expr['kind']>(['list', 'select', 'ident', 'comprehension', 'call']);
const input = '@__sortBy_input__';

const sortBy: Macro = {
  function: 'sortBy',
  member: true,
  args: 2,
  expand(make, target, [variable, key]) {
    if (!sortable.has(target!.kind)) {
      return {
        problem:
          'sortBy can only be applied to a list, identifier, comprehension, ' +
          'call or select expression',
        at: target,
      };
    }
    const name = macroVariable(make, variable!, 'argument is not an identifier');
    if (typeof name !== 'string') return name;
    const keys = make.comprehension({
      range: make.ident(input),
      variable: name,
      accumulator: make.accumulator,
      ...gatherFold(make, key!),
      result: make.ident(make.accumulator),
    });
    return make.comprehension({
      range: make.list(),
      variable: '#unused',
      accumulator: input,
      init: target!,
      condition: make.literal(false),
      step: make.ident(input),
      result: make.member(make.ident(input), '@sortByAssociatedKeys', keys),
    });
  },
};

export const lists: Library = { name: 'cel.lib.ext.lists', functions, macros: [sortBy] };
