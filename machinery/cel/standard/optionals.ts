/** Values that may be missing: `optional.of(x)`, `a.?b.orValue(c)`, `optMap` and the like. */

import type { Expr } from '../ast.ts';
import { Duration } from '../duration.ts';
import type { Library, Overload } from '../library.ts';
import { ArrayList, ListValue } from '../list-value.ts';
import type { Macro, MacroProblem, NodeFactory } from '../macro.ts';
import { MapValue } from '../map-value.ts';
import * as operators from '../operators.ts';
import { minUnixSeconds, Timestamp } from '../timestamp.ts';
import {
  boolType,
  type CelType,
  dynType,
  intType,
  listType,
  mapType,
  optionalType,
  stringType,
  typeParam,
} from '../types.ts';
import {
  CelError,
  formatValue,
  noSuchOverload,
  ObjectValue,
  Optional,
  type Result,
  Uint,
  type Value,
} from '../values.ts';

const [k, v] = [typeParam('K'), typeParam('V')];
const optionalV = optionalType(v);
const [listV, mapKV] = [listType(v), mapType(k, v)];

function isZero(value: Value): boolean {
  switch (typeof value) {
    case 'string':
      return value === '';
    case 'bigint':
      return value === 0n;
    case 'number':
      return value === 0;
    case 'boolean':
      return !value;
    default:
  }
  if (value === null) return true;
  if (value instanceof ListValue || value instanceof MapValue) return value.size() === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return value.seconds === minUnixSeconds && value.nanos === 0;
  return value instanceof ObjectValue && value.isZero();
}

/** Binds the value of an optional to a name; `wrap` says whether the outcome is wrapped again. */
function mapping(name: string, wrap: (make: NodeFactory, e: Expr) => Expr): Macro {
  return {
    function: name,
    member: true,
    args: 2,
    expand(make, target, [variable, e]): Expr | MacroProblem {
      if (variable!.kind !== 'ident') {
        return { problem: `${name}() variable name must be a simple identifier`, at: variable };
      }
      const bound = make.comprehension({
        range: make.list(),
        variable: '#unused',
        accumulator: variable!.name,
        init: make.member(make.copy(target!), 'value'),
        condition: make.literal(false),
        step: make.ident(variable!.name),
        result: e!,
      });
      return make.call(
        operators.conditional,
        make.member(target!, 'hasValue'),
        wrap(make, bound),
        make.call('optional.none'),
      );
    },
  };
}

function unwrapped(list: Value): Result {
  if (!(list instanceof ListValue)) return noSuchOverload;
  const values: Value[] = [];
  for (const item of list) {
    if (!(item instanceof Optional)) {
      return new CelError(`value ${formatValue(item)} is not optional`);
    }
    if (item.value !== undefined) values.push(item.value);
  }
  return new ArrayList(values);
}

function end(list: Value, at: (size: number) => number): Result {
  if (!(list instanceof ListValue)) return noSuchOverload;
  const size = list.size();
  return size === 0 ? Optional.none : Optional.of(list.at(at(size)));
}

function of(id: string, params: readonly CelType[], result: CelType): Overload {
  return { id, params, result };
}

/** The library; the syntax is switched on by the environment's `optionalSyntax`. */
export const optionals: Library = {
  name: 'cel.lib.optional',
  types: [optionalV],
  macros: [
    mapping('optMap', (make, e) => make.call('optional.of', e)),
    mapping('optFlatMap', (_, e) => e),
  ],
  functions: [
    {
      name: 'optional.of',
      overloads: [{ ...of('optional_of', [v], optionalV), call: (x) => Optional.of(x!) }],
    },
    {
      name: 'optional.ofNonZeroValue',
      overloads: [
        {
          ...of('optional_ofNonZeroValue', [v], optionalV),
          call: (x) => (isZero(x!) ? Optional.none : Optional.of(x!)),
        },
      ],
    },
    {
      name: 'optional.none',
      overloads: [{ ...of('optional_none', [], optionalV), call: () => Optional.none }],
    },
    {
      name: 'value',
      overloads: [
        {
          ...of('optional_value', [optionalV], v),
          member: true,
          call: (x) => (x as Optional).value ?? new CelError('optional.none() dereference'),
        },
      ],
    },
    {
      name: 'hasValue',
      overloads: [
        {
          ...of('optional_hasValue', [optionalV], boolType),
          member: true,
          call: (x) => (x as Optional).value !== undefined,
        },
      ],
    },
    {
      name: 'or',
      overloads: [
        { ...of('optional_or_optional', [optionalV, optionalV], optionalV), member: true },
      ],
    },
    {
      name: 'orValue',
      overloads: [{ ...of('optional_orValue_value', [optionalV, v], v), member: true }],
    },
    {
      name: operators.optionalSelect,
      overloads: [of('select_optional_field', [dynType, stringType], optionalV)],
    },
    {
      name: operators.optionalIndex,
      overloads: [
        of('list_optindex_optional_int', [listV, intType], optionalV),
        of('optional_list_optindex_optional_int', [optionalType(listV), intType], optionalV),
        of('map_optindex_optional_value', [mapKV, k], optionalV),
        of('optional_map_optindex_optional_value', [optionalType(mapKV), k], optionalV),
      ],
    },
    {
      name: operators.index,
      overloads: [
        of('optional_list_index_int', [optionalType(listV), intType], optionalV),
        of('optional_map_index_value', [optionalType(mapKV), k], optionalV),
      ],
    },
    {
      name: 'last',
      overloads: [
        {
          ...of('list_last', [listV], optionalV),
          member: true,
          call: (list) => end(list!, (size) => size - 1),
        },
      ],
    },
    {
      name: 'first',
      overloads: [
        { ...of('list_first', [listV], optionalV), member: true, call: (l) => end(l!, () => 0) },
      ],
    },
    {
      name: 'optional.unwrap',
      overloads: [
        {
          ...of('optional_unwrap', [listType(optionalV)], listV),
          call: (list) => unwrapped(list!),
        },
      ],
    },
    {
      name: 'unwrapOpt',
      overloads: [
        {
          ...of('optional_unwrapOpt', [listType(optionalV)], listV),
          member: true,
          call: (list) => unwrapped(list!),
        },
      ],
    },
  ],
};
