/**
 * Where expressions are compiled: variables, functions, types. Made once from libraries, extended
 * cheaply, never changed.
 *
 *     const env = standardEnvironment.extend({ variables: { object: dynType } });
 *     const compiled = env.compile('object.spec.replicas <= 5');
 *     if (compiled instanceof Issues) return `compilation failed: ${compiled}`;
 *     const program = env.program(compiled);
 *     if (program instanceof CelError) return `program instantiation failed: ${program}`;
 *     const vars = activation({ object: adapt(pod) });
 *     const { result, cost } = program.evaluate(vars, { costLimit: 1_000_000 });
 */
import type { Expr } from './ast.ts';
import type { CostEstimator, Range } from './estimate.ts';
import type { Issues } from './issues.ts';
import type { CallCosts, Library } from './library.ts';
import type { Program } from './program.ts';
import type { Source } from './source.ts';
import type { TypeProvider } from './type-provider.ts';
import type { CelType } from './types.ts';
import type { CelError } from './values.ts';

/** What an environment has beside that of which it is an extension. */
export interface EnvironmentOptions {
  readonly libraries?: readonly Library[];
  /** Variables by name, dots allowed: `request`, `variables.foo`. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Types with fields; asked before those of the environment that is extended. */
  readonly types?: TypeProvider;
  /** Lists and maps have to be of one type: `[1, "a"]` does not check. */
  readonly homogeneousLiterals?: boolean;
  /** `1 < 2.0` and `1u > dyn(-1)` check. */
  readonly crossTypeComparisons?: boolean;
  /** `a.?b`, `a[?b]`, `[?a]`, `{?k: v}` parse. */
  readonly optionalSyntax?: boolean;
  /** Costs of calls, after those that overloads bring themselves. */
  readonly costs?: CallCosts;
  /** What `has(x.y)` and its like cost, at run time and in estimates. */
  readonly presenceTestCost?: 0 | 1;
}

/** A checked expression. */
export interface Compiled {
  readonly source: Source;
  readonly root: Expr;
  /** What it evaluates to. */
  readonly outputType: CelType;
}

/** Compiles and plans expressions. */
export interface CelEnvironment {
  /** This one and more; a variable or overload declared again has to be the same. */
  extend(options: EnvironmentOptions): CelEnvironment;
  /** Parses and checks. */
  compile(text: string): Compiled | Issues;
  /** Ready to run; an error where a constant of it cannot be (`int('a')`, a wrong pattern). */
  program(compiled: Compiled): Program | CelError;
  /** From what to what it may cost. */
  estimateCost(compiled: Compiled, estimator: CostEstimator): Range;
}
