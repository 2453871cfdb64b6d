/** `[1, 2].sum()`, `isSorted`, `min`, `max`, `indexOf`, `lastIndexOf`: lists in expressions. */
import { add } from '../arithmetic.ts';
import { compareValues } from '../comparison.ts';
import { Duration } from '../duration.ts';
import { equalValues } from '../equality.ts';
import type { FunctionDeclaration, Library } from '../library.ts';
import type { ListValue } from '../list-value.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  listType,
  stringType,
  timestampType,
  typeParam,
  uintType,
} from '../types.ts';
import { CelError, type Result, Uint, type Value } from '../values.ts';

type Named = readonly [name: string, type: CelType];

const summable: readonly (readonly [string, CelType, Value])[] = [
  ['int', intType, 0n],
  ['uint', uintType, new Uint(0n)],
  ['double', doubleType, 0],
  ['duration', durationType, new Duration(0n)],
];

const comparable: readonly Named[] = [
  ['int', intType],
  ['uint', uintType],
  ['double', doubleType],
  ['bool', boolType],
  ['duration', durationType],
  ['timestamp', timestampType],
  ['string', stringType],
  ['bytes', bytesType],
];

/** The library of lists. */
export const listLibrary: Library = {
  name: 'kubernetes.lists',
  functions: [
    {
      name: 'isSorted',
      overloads: comparable.map(([name, type]) => ({
        id: `list_${name}_is_sorted_bool`,
        member: true,
        params: [listType(type)],
        result: boolType,
        call: (list: Value) => isSorted(list as ListValue),
      })),
    },
    {
      name: 'sum',
      overloads: summable.map(([name, type, zero]) => ({
        id: `list_${name}_sum_${name}`,
        member: true,
        params: [listType(type)],
        result: type,
        call: (list: Value) => sum(list as ListValue, zero),
      })),
    },
    extreme('max', (order) => order < 0),
    extreme('min', (order) => order > 0),
    position('indexOf', 'list_a_index_of_int', (list, item) => {
      for (let i = 0; i < list.size(); i++) if (equalValues(list.at(i), item)) return BigInt(i);
      return -1n;
    }),
    position('lastIndexOf', 'list_a_last_index_of_int', (list, item) => {
      for (let i = list.size() - 1; i >= 0; i--) {
        if (equalValues(list.at(i), item)) return BigInt(i);
      }
      return -1n;
    }),
  ],
};

/** What cannot be compared counts as sorted, as on the real server. */
function isSorted(list: ListValue): boolean {
  let previous: Value | undefined;
  for (const item of list) {
    if (previous !== undefined && isGreater(previous, item)) return false;
    previous = item;
  }
  return true;
}

function isGreater(a: Value, b: Value): boolean {
  const order = compareValues(a, b);
  return typeof order === 'number' && order > 0;
}

function sum(list: ListValue, zero: Value): Result {
  let total = zero;
  for (const item of list) {
    const next = add(total, item);
    if (next instanceof CelError) return next;
    total = next;
  }
  return total;
}

/** `replaces`: how the best so far compares with what takes its place. */
function extreme(name: string, replaces: (order: number) => boolean): FunctionDeclaration {
  const call = (list: Value): Result => {
    let best: Value | undefined;
    for (const item of list as ListValue) {
      const order = best === undefined ? undefined : compareValues(best, item);
      if (best === undefined || (typeof order === 'number' && replaces(order))) best = item;
    }
    return best === undefined ? new CelError(`${name} called on empty list`) : best;
  };
  return {
    name,
    overloads: comparable.map(([of, type]) => ({
      id: `list_${of}_${name}_${of}`,
      member: true,
      params: [listType(type)],
      result: type,
      call,
    })),
  };
}

function position(
  name: string,
  id: string,
  find: (list: ListValue, item: Value) => bigint,
): FunctionDeclaration {
  const item = typeParam('A');
  const call = (list: Value, wanted: Value): Value => find(list as ListValue, wanted);
  return {
    name,
    overloads: [{ id, member: true, params: [listType(item), item], result: intType, call }],
  };
}
