/** Evaluation within a budget that several expressions share. */
import type { Activation } from '../../machinery/cel/program.ts';
import { CelError, type Value } from '../../machinery/cel/values.ts';
import type { CompiledExpression, ExpressionProblem } from './compile.ts';

/** What one expression may cost. */
export const callCostLimit = 1_000_000;
/** What the expressions of one policy and binding, or of one custom resource, may cost together. */
export const costBudget = 10_000_000;
/** What the match conditions of one webhook or binding may cost together. */
export const conditionCostBudget = 2_500_000;

/** There is nothing left: no further expression is evaluated. The message is the real server's. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget';

  constructor() {
    super(
      'validation failed due to running out of cost budget, no further validation rules will be run',
    );
  }
}

/** What is left of a budget. */
export class Budget {
  private remaining: number;

  constructor(budget: number) {
    this.remaining = budget;
  }

  /** Throws OutOfBudget when it is more than is left. */
  take(cost: number): void {
    if (cost > this.remaining) throw new OutOfBudget();
    this.remaining -= cost;
  }

  get left(): number {
    return this.remaining;
  }
}

/** A value, or a problem in the real server's words. */
export type Outcome = { readonly value: Value } | ExpressionProblem;

/** Evaluates; `otherCosts` are those of what was evaluated on the way. Throws OutOfBudget. */
export function evaluateWithin(
  budget: Budget,
  expression: CompiledExpression | ExpressionProblem,
  vars: Activation,
  otherCosts: () => number = () => 0,
): Outcome {
  if ('problem' in expression) return { problem: `compilation error: ${expression.problem}` };
  const { result, cost } = expression.program.evaluate(vars, { costLimit: callCostLimit });
  budget.take(otherCosts());
  budget.take(cost);
  if (!(result instanceof CelError)) return { value: result };
  return { problem: `expression '${expression.text}' resulted in error: ${result}` };
}
