/** Sizes and costs as ranges: what is known of them before an expression runs. */
import type { Expr } from './ast.ts';
import type { CelType } from './types.ts';

/** What stands for "no bound": 2^64, where arithmetic on ranges stops. */
export const unbounded = 2 ** 64;

/** From `min` to `max`, both included. Sizes count characters, bytes, items or entries. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A node as estimators see it. */
export interface CostNode {
  /**
   * The way to it through declared types, `undefined` where it is none: a variable first, then
   * names of fields, `@items`, `@keys`, `@values`.
   */
  readonly path: readonly string[] | undefined;
  readonly type: CelType;
  readonly expr: Expr;
  /** Its size where the expression itself says so. */
  readonly computedSize: Range | undefined;
}

/** What a call may cost, and how large a result may be that has a size. */
export interface CallEstimate {
  readonly cost: Range;
  readonly resultSize?: Range;
}

/** What is known of sizes from declarations (`maxLength`, `maxItems`). */
export interface SizeEstimator {
  /** The size of a node the expression does not tell; `undefined`: unknown. */
  size(node: CostNode): Range | undefined;
}

/** What an expression's estimate asks its caller. */
export interface CostEstimator extends SizeEstimator {
  /** The cost of a call, the arguments' own aside; `undefined` for the default. */
  call(
    fn: string,
    overload: string,
    target: CostNode | undefined,
    args: readonly CostNode[],
  ): CallEstimate | undefined;
}

/** The range of one value. */
export function fixed(n: number): Range {
  return { min: n, max: n };
}

/** A size of which nothing is known. */
export const unknownSize: Range = { min: 0, max: unbounded };

function cap(n: number): number {
  return Math.min(n, unbounded);
}

/** Both one after the other. */
export function addRanges(a: Range, b: Range): Range {
  return { min: cap(a.min + b.min), max: cap(a.max + b.max) };
}

/** One for each of the other. */
export function multiplyRanges(a: Range, b: Range): Range {
  return { min: cap(a.min * b.min), max: cap(a.max * b.max) };
}

/** Times `factor`, rounded up. */
export function scaleRange(a: Range, factor: number): Range {
  return { min: cap(Math.ceil(a.min * factor)), max: cap(Math.ceil(a.max * factor)) };
}

/** The least range around both. */
export function unionRanges(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
