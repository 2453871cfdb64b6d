/** Macros: calls that the parser replaces by other expressions. */
import type { ComprehensionNode, Expr, Literal } from './ast.ts';

/** Makes nodes, all placed where the macro's call stands. */
export interface NodeFactory {
  literal(value: Literal): Expr;
  ident(name: string): Expr;
  select(operand: Expr, field: string): Expr;
  /** `has(operand.field)`. */
  presence(operand: Expr, field: string): Expr;
  call(fn: string, ...args: Expr[]): Expr;
  member(target: Expr, fn: string, ...args: Expr[]): Expr;
  list(...elements: Expr[]): Expr;
  map(...entries: readonly (readonly [Expr, Expr])[]): Expr;
  comprehension(
    parts: Omit<ComprehensionNode, 'kind' | 'id' | 'at' | 'type' | 'reference' | 'variable2'> & {
      readonly variable2?: string;
    },
  ): Expr;
  /** The variable in which folds gather their result. */
  readonly accumulator: string;
  /** A copy with ids of its own. */
  copy(e: Expr): Expr;
}

/** Why a macro does not take its arguments; `at` is the node to point to. */
export interface MacroProblem {
  readonly problem: string;
  readonly at: Expr | undefined;
}

/** A macro of one name, style and number of arguments. */
export interface Macro {
  readonly function: string;
  /** Called as `x.f(…)`. */
  readonly member: boolean;
  readonly args: number;
  /** The expression instead, `undefined` to leave the call as it is. */
  expand(
    make: NodeFactory,
    target: Expr | undefined,
    args: readonly Expr[],
  ): Expr | MacroProblem | undefined;
}

/** Whether a macro refused. */
export function isMacroProblem(e: Expr | MacroProblem | undefined): e is MacroProblem {
  return e !== undefined && 'problem' in e;
}
