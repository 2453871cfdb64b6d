/** Macros of two variables: `m.all(k, v, …)`, `l.transformList(i, v, …)`, `transformMap`. */
import type { Expr } from '../ast.ts';
import type { Library } from '../library.ts';
import type { Macro, MacroProblem, NodeFactory } from '../macro.ts';
import { EntriesMap, GatheredMap, MapValue } from '../map-value.ts';
import * as operators from '../operators.ts';
import { mapType, typeParam } from '../types.ts';
import { CelError, formatValue, noSuchOverload, type Result, type Value } from '../values.ts';
import { allFold, existsFold, existsOneFold, type Fold, gatherFold } from './macros.ts';

const insertFunction = 'cel.@mapInsert';

function names(make: NodeFactory, args: readonly Expr[]): readonly string[] | MacroProblem {
  const found: string[] = [];
  for (const arg of args.slice(0, 2)) {
    if (arg.kind !== 'ident') return { problem: 'argument must be a simple name', at: arg };
    found.push(arg.name);
  }
  if (found[0] === found[1]) {
    return { problem: `duplicate variable name: ${found[0]}`, at: args[1] };
  }
  const taken = found.findIndex((name) => name === make.accumulator || name === '__result__');
  if (taken < 0) return found;
  return { problem: 'iteration variable overwrites accumulator variable', at: args[taken] };
}

function folding(
  name: string,
  args: number,
  fold: (make: NodeFactory, args: readonly Expr[], variables: readonly string[]) => Fold,
): Macro {
  return {
    function: name,
    member: true,
    args,
    expand(make, range, given) {
      const variables = names(make, given);
      if ('problem' in variables) return variables;
      const made = fold(make, given, variables);
      return make.comprehension({
        range: range!,
        variable: variables[0]!,
        variable2: variables[1]!,
        accumulator: make.accumulator,
        ...made,
        result: made.result ?? make.ident(make.accumulator),
      });
    },
  };
}

/** Gathers entries in a map, where `filter` holds if there is one. */
function insertFold(make: NodeFactory, entry: readonly Expr[], filter: Expr | undefined): Fold {
  const accumulated = (): Expr => make.ident(make.accumulator);
  const more = make.call(insertFunction, accumulated(), ...entry);
  const step =
    filter === undefined ? more : make.call(operators.conditional, filter, more, accumulated());
  return { init: make.map(), condition: make.literal(true), step };
}

function insert(map: MapValue, key: Value, value: Value): Result {
  if (map instanceof GatheredMap) return map.insert(key, value);
  if (map.find(key) !== undefined) {
    return new CelError(`insert failed: key ${formatValue(key)} already exists`);
  }
  const entries: (readonly [Value, Value])[] = [];
  for (const known of map.keys()) {
    const found = map.find(known);
    if (found === undefined || found instanceof CelError) return found ?? noSuchOverload;
    entries.push([known, found]);
  }
  return new EntriesMap([...entries, [key, value]]);
}

function insertAll(map: MapValue, entries: MapValue): Result {
  let all: Result = map;
  for (const key of entries.keys()) {
    const value = entries.find(key);
    if (value === undefined || value instanceof CelError) return value ?? noSuchOverload;
    if (!(all instanceof MapValue)) return all;
    all = insert(all, key, value);
  }
  return all;
}

const [k, v] = [typeParam('K'), typeParam('V')];
const mapKV = mapType(k, v);

export const twoVariables: Library = {
  name: 'cel.lib.ext.comprev2',
  macros: [
    folding('all', 3, (make, [, , p]) => allFold(make, p!)),
    folding('exists', 3, (make, [, , p]) => existsFold(make, p!)),
    folding('existsOne', 3, (make, [, , p]) => existsOneFold(make, p!)),
    folding('exists_one', 3, (make, [, , p]) => existsOneFold(make, p!)),
    folding('transformList', 3, (make, [, , e]) => gatherFold(make, e!)),
    folding('transformList', 4, (make, [, , p, e]) => gatherFold(make, e!, p)),
    folding('transformMap', 3, (make, [, , e], [key]) =>
      insertFold(make, [make.ident(key!), e!], undefined),
    ),
    folding('transformMap', 4, (make, [, , p, e], [key]) =>
      insertFold(make, [make.ident(key!), e!], p),
    ),
    folding('transformMapEntry', 3, (make, [, , e]) => insertFold(make, [e!], undefined)),
    folding('transformMapEntry', 4, (make, [, , p, e]) => insertFold(make, [e!], p)),
  ],
  functions: [
    {
      name: insertFunction,
      overloads: [
        {
          id: '@mapInsert_map_key_value',
          params: [mapKV, k, v],
          result: mapKV,
          call: (map, key, value) => insert(map as MapValue, key!, value!),
        },
        {
          id: '@mapInsert_map_map',
          params: [mapKV, mapKV],
          result: mapKV,
          call: (map, entries) => insertAll(map as MapValue, entries as MapValue),
        },
      ],
    },
  ],
};
