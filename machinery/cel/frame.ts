/** What one evaluation has to itself: variables, and what it has cost so far. */
import type { Activation } from './program.ts';
import type { Result } from './values.ts';

/** Ends an evaluation that went over its limit; caught where it began. */
export class CostLimitReached {}

/** The state of one evaluation. */
export class Frame {
  readonly vars: Activation;
  /** Variables of comprehensions by their place in the plan. */
  readonly locals: (Result | undefined)[];
  cost = 0;
  private readonly limit: number;

  constructor(vars: Activation, locals: number, limit: number) {
    this.vars = vars;
    this.locals = new Array<Result | undefined>(locals).fill(undefined);
    this.limit = limit;
  }

  /** Adds to the cost; ends the evaluation where that is too much. */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CostLimitReached();
  }
}

/** A step of a plan. */
export type Eval = (frame: Frame) => Result;
