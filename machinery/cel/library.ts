/**
 * What a library brings to an environment: functions, macros, variables, types, costs. A library is
 * a plain declaration; nothing registers itself.
 */
import type { Expr } from './ast.ts';
import type { CallEstimate, CostNode, SizeEstimator } from './estimate.ts';
import type { Macro } from './macro.ts';
import type { CelType, Kind } from './types.ts';
import type { Result, Value } from './values.ts';

/**
 * Computes a call. Arguments are values (the receiver first) whose types fit the overload at run
 * time, never errors unless the overload is `nonStrict`. Answers an error, never throws one; what
 * it throws all the same ends the evaluation and reaches its caller.
 */
export type Implementation = (...args: Value[]) => Result;

/** One signature of a function. */
export interface Overload {
  /** Unique in the environment: `string_contains`-like. Costs go by it. */
  readonly id: string;
  /** Called as `x.f(y)`; `params[0]` is then the type of `x`. */
  readonly member?: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  /** Left out where the function has a `singleton`. */
  readonly call?: Implementation;
  /** Takes errors as arguments too (they are CelError then). */
  readonly nonStrict?: boolean;
  /** What a call costs at run time; `undefined`: what the environment or the default says. */
  readonly cost?: (args: readonly Value[], result: Result) => number | undefined;
  /** What a call may cost, before it runs; as `cost`. */
  readonly estimate?: (
    sizes: SizeEstimator,
    target: CostNode | undefined,
    args: readonly CostNode[],
  ) => CallEstimate | undefined;
}

/** A function: all its signatures, in the order they are tried. */
export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
  /** One implementation of all overloads, called without a look at the types of arguments. */
  readonly singleton?: Implementation;
  /** Of what kinds a singleton's first argument may be; others give `no such overload`. */
  readonly operands?: ReadonlySet<Kind>;
  /** Which argument is a regular expression; a constant one has to compile before it all runs. */
  readonly patternArgument?: number;
}

/** Costs of calls by a rule of the environment's; they come after those of overloads. */
export interface CallCosts {
  /** What a call costs at run time; `undefined` for the default. */
  actual?(fn: string, overload: string, args: readonly Value[], result: Result): number | undefined;
}

/** A check of checked expressions beyond types: patterns that do not compile, mixed lists. */
export interface Validator {
  readonly name: string;
  /** Calls `report` for each problem, with the place it stands at. */
  check(
    root: Expr,
    report: (at: number, message: string) => void,
    functionOverloads: (name: string) => readonly Overload[],
  ): void;
}

/** Things that come together. */
export interface Library {
  readonly name: string;
  readonly functions?: readonly FunctionDeclaration[];
  readonly macros?: readonly Macro[];
  /** Variables an activation must give, by their types. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Opaque types whose names can stand in expressions (`net.IP`). */
  readonly types?: readonly CelType[];
  readonly validators?: readonly Validator[];
}
