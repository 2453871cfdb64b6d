/** The macros of the language: `has`, `all`, `exists`, `exists_one`, `map`, `filter`. */
import type { Expr } from '../ast.ts';
import type { Macro, MacroProblem, NodeFactory } from '../macro.ts';
import * as operators from '../operators.ts';

const oldAccumulator = '__result__';

/** The variable a macro's first argument names, or why it names none. */
export function macroVariable(
  make: NodeFactory,
  arg: Expr,
  complaint: string,
): string | MacroProblem {
  if (arg.kind !== 'ident') return { problem: complaint, at: arg };
  if (arg.name === make.accumulator || arg.name === oldAccumulator) {
    return { problem: 'iteration variable overwrites accumulator variable', at: arg };
  }
  return arg.name;
}

/** What a comprehension is made of beside its range and variables. */
export interface Fold {
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result?: Expr;
}

function folding(
  name: string,
  args: number,
  complaint: string,
  fold: (make: NodeFactory, args: readonly Expr[]) => Fold,
): Macro {
  return {
    function: name,
    member: true,
    args,
    expand(make, range, given) {
      const variable = macroVariable(make, given[0]!, complaint);
      if (typeof variable !== 'string') return variable;
      const { init, condition, step, result } = fold(make, given);
      return make.comprehension({
        range: range!,
        variable,
        accumulator: make.accumulator,
        init,
        condition,
        step,
        result: result ?? make.ident(make.accumulator),
      });
    },
  };
}

const simpleName = 'argument must be a simple name';
const identifier = 'argument is not an identifier';

function accumulated(make: NodeFactory): Expr {
  return make.ident(make.accumulator);
}

/** What `all` folds with, for macros of one and two variables alike. */
export function allFold(make: NodeFactory, predicate: Expr): Fold {
  return {
    init: make.literal(true),
    condition: make.call(operators.notStrictlyFalse, accumulated(make)),
    step: make.call(operators.logicalAnd, accumulated(make), predicate),
  };
}

/** As `allFold`, for `exists`. */
export function existsFold(make: NodeFactory, predicate: Expr): Fold {
  const none = make.call(operators.logicalNot, accumulated(make));
  return {
    init: make.literal(false),
    condition: make.call(operators.notStrictlyFalse, none),
    step: make.call(operators.logicalOr, accumulated(make), predicate),
  };
}

/** As `allFold`, for `exists_one`: looks at everything. */
export function existsOneFold(make: NodeFactory, predicate: Expr): Fold {
  const more = make.call('_+_', accumulated(make), make.literal(1n));
  return {
    init: make.literal(0n),
    condition: make.literal(true),
    step: make.call(operators.conditional, predicate, more, accumulated(make)),
    result: make.call('_==_', accumulated(make), make.literal(1n)),
  };
}

/** Gathers `element` in a list, where `filter` holds if there is one. */
export function gatherFold(make: NodeFactory, element: Expr, filter?: Expr): Fold {
  const init = make.list();
  const condition = make.literal(true);
  const more = make.call('_+_', accumulated(make), make.list(element));
  const step =
    filter === undefined ? more : make.call(operators.conditional, filter, more, accumulated(make));
  return { init, condition, step };
}

const has: Macro = {
  function: 'has',
  member: false,
  args: 1,
  expand(make, _target, [field]) {
    if (field!.kind !== 'select') {
      return { problem: 'invalid argument to has() macro', at: field };
    }
    return make.presence(field!.operand, field!.field);
  },
};

export const standardMacros: readonly Macro[] = [
  has,
  folding('all', 2, simpleName, (make, [, p]) => allFold(make, p!)),
  folding('exists', 2, simpleName, (make, [, p]) => existsFold(make, p!)),
  folding('exists_one', 2, simpleName, (make, [, p]) => existsOneFold(make, p!)),
  folding('map', 2, identifier, (make, [, element]) => gatherFold(make, element!)),
  folding('map', 3, identifier, (make, [, p, element]) => gatherFold(make, element!, p)),
  folding('filter', 2, identifier, (make, [element, p]) => gatherFold(make, element!, p)),
];
