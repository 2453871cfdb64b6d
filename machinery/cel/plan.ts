/** What plans are made of. */
import type { Attribute } from './attributes.ts';
import type { Eval } from './frame.ts';
import type { CallCosts } from './library.ts';
import type { Declarations } from './scopes.ts';
import type { CelError, Value } from './values.ts';

/** What a planner has to know of its environment. */
export interface PlannerOptions {
  readonly declarations: Declarations;
  readonly costs: CallCosts | undefined;
  readonly presenceTestCost: 0 | 1;
}

/** A planned node. */
export interface Step {
  readonly eval: Eval;
  /** Of constants, which cost nothing. */
  readonly constant?: { readonly value: Value };
  /** Of variables and selections: what a way further in begins with. */
  readonly attribute?: Attribute;
}

/** Thrown where a plan cannot be made; the message is for the user. */
export class PlanProblem {
  readonly error: CelError;

  constructor(error: CelError) {
    this.error = error;
  }
}
