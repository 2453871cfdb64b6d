/** `== != < <= > >= in`, the logical operators and `?:`. */
import { compareValues } from '../comparison.ts';
import { equalValues } from '../equality.ts';
import type { FunctionDeclaration, Implementation, Overload } from '../library.ts';
import { ListValue } from '../list-value.ts';
import { MapValue } from '../map-value.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  type Kind,
  listType,
  mapType,
  stringType,
  timestampType,
  typeParam,
  uintType,
} from '../types.ts';
import { CelError, noSuchOverload, type Result, type Value } from '../values.ts';

const [a, b] = [typeParam('A'), typeParam('B')];

const numbers: readonly (readonly [string, CelType])[] = [
  ['int64', intType],
  ['uint64', uintType],
  ['double', doubleType],
];
const ordered: readonly (readonly [string, CelType])[] = [
  ['string', stringType],
  ['bytes', bytesType],
  ['timestamp', timestampType],
  ['duration', durationType],
];
const comparable = new Set<Kind>([
  ...(['bool', 'bytes', 'double', 'duration', 'int', 'string', 'timestamp', 'uint'] as const),
]);

function compared(name: string, prefix: string, holds: (order: number) => boolean) {
  const of = (suffix: string, left: CelType, right: CelType): Overload => ({
    id: `${prefix}_${suffix}`,
    params: [left, right],
    result: boolType,
  });
  const mixed = numbers.flatMap(([left, leftType]) => [
    of(left, leftType, leftType),
    ...numbers
      .filter(([right]) => right !== left)
      .map(([right, rightType]) => of(`${left}_${right}`, leftType, rightType)),
  ]);
  const overloads = [
    of('bool', boolType, boolType),
    ...mixed,
    ...ordered.map(([suffix, t]) => of(suffix, t, t)),
  ];
  const singleton: Implementation = (x, y) => {
    const order = compareValues(x!, y!);
    return order instanceof CelError ? order : holds(order);
  };
  return { name, overloads, singleton, operands: comparable } satisfies FunctionDeclaration;
}

/** Overloads that compare numbers of two types; on only where an environment says so. */
export const crossTypeOverloads: readonly string[] = [
  'less',
  'less_equals',
  'greater',
  'greater_equals',
].flatMap((prefix) =>
  numbers.flatMap(([left]) =>
    numbers.filter(([right]) => right !== left).map(([right]) => `${prefix}_${left}_${right}`),
  ),
);

/** `x in list` and `key in map`. */
export function contains(element: Value, within: Value): Result {
  if (within instanceof ListValue) {
    for (let i = 0; i < within.size(); i++) if (equalValues(element, within.at(i))) return true;
    return false;
  }
  if (within instanceof MapValue) return within.find(element) !== undefined;
  return noSuchOverload;
}

const reserved: Implementation = () => noSuchOverload;

export const relationFunctions: readonly FunctionDeclaration[] = [
  {
    name: '_?_:_',
    overloads: [{ id: 'conditional', params: [boolType, a, a], result: a, nonStrict: true }],
    singleton: reserved,
  },
  {
    name: '_&&_',
    overloads: [
      { id: 'logical_and', params: [boolType, boolType], result: boolType, nonStrict: true },
    ],
    singleton: reserved,
  },
  {
    name: '_||_',
    overloads: [
      { id: 'logical_or', params: [boolType, boolType], result: boolType, nonStrict: true },
    ],
    singleton: reserved,
  },
  {
    name: '!_',
    overloads: [{ id: 'logical_not', params: [boolType], result: boolType }],
    singleton: (x) => (typeof x === 'boolean' ? !x : noSuchOverload),
  },
  {
    name: '@not_strictly_false',
    overloads: [
      {
        id: 'not_strictly_false',
        params: [boolType],
        result: boolType,
        nonStrict: true,
        call: (x) => (typeof x === 'boolean' ? x : true),
      },
    ],
  },
  {
    name: '_==_',
    overloads: [{ id: 'equals', params: [a, a], result: boolType }],
    singleton: reserved,
  },
  {
    name: '_!=_',
    overloads: [{ id: 'not_equals', params: [a, a], result: boolType }],
    singleton: reserved,
  },
  compared('_<_', 'less', (order) => order < 0),
  compared('_<=_', 'less_equals', (order) => order <= 0),
  compared('_>_', 'greater', (order) => order > 0),
  compared('_>=_', 'greater_equals', (order) => order >= 0),
  {
    name: '_[_]',
    overloads: [
      { id: 'index_list', params: [listType(a), intType], result: a },
      { id: 'index_map', params: [mapType(a, b), a], result: b },
    ],
    singleton: reserved,
  },
  {
    name: '@in',
    overloads: [
      { id: 'in_list', params: [a, listType(a)], result: boolType },
      { id: 'in_map', params: [a, mapType(a, b)], result: boolType },
    ],
    singleton: contains,
  },
];
