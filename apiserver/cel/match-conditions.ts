/**
 * Match conditions: expressions that decide whether a webhook or a policy is asked about a request
 * at all. All have to hold; one that does not decides, whatever is wrong with others.
 */
import { boolType } from '../../machinery/cel/types.ts';
import { aggregated } from '../auth/authorizer.ts';
import { admissionEnvironment } from './admission-environment.ts';
import { type AdmissionInput, admissionActivation } from './admission-input.ts';
import { type Decide, withAuthority } from './authority.ts';
import { Budget, conditionCostBudget, evaluateWithin, OutOfBudget } from './budget.ts';
import { type CompiledExpression, compileExpression, type ExpressionProblem } from './compile.ts';

/** A condition as the API has it. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/**
 * Whether a request matches; `condition` is the one that does not hold. What is to be done about a
 * problem is for the failure policy to say.
 */
export type Match =
  | { readonly matches: true }
  | { readonly matches: false; readonly condition: string }
  | { readonly problem: string };

/** Conditions, compiled; they can be asked about many requests at once. */
export class MatchConditions {
  private readonly conditions: readonly {
    readonly name: string;
    readonly expression: CompiledExpression | ExpressionProblem;
  }[];

  /** Never fails: what does not compile is a problem of each request. */
  constructor(conditions: readonly MatchCondition[], options: { readonly params: boolean }) {
    this.conditions = conditions.map(({ name, expression }) => ({
      name,
      expression: compileCondition(expression, options),
    }));
  }

  /** Asks about a request; `decide` answers what `authorizer` is asked. */
  async match(input: AdmissionInput, decide: Decide): Promise<Match> {
    if (this.conditions.length === 0) return { matches: true };
    try {
      return await withAuthority(input.attributes.user, decide, (authority) => {
        const budget = new Budget(conditionCostBudget);
        const vars = admissionActivation(input, authority);
        // All are evaluated before one decides, as what they cost together counts.
        const outcomes = this.conditions.map((c) => evaluateWithin(budget, c.expression, vars));
        const refusing = outcomes.findIndex((o) => 'value' in o && o.value === false);
        if (refusing >= 0) return { matches: false, condition: this.conditions[refusing]!.name };
        const problems = outcomes.flatMap((o) => ('problem' in o ? [o.problem] : []));
        return problems.length === 0 ? { matches: true } : { problem: aggregated(problems) };
      });
    } catch (e) {
      if (e instanceof OutOfBudget) return { problem: e.message };
      throw e;
    }
  }
}

/** Compiles one condition. */
export function compileCondition(
  expression: string,
  { params }: { readonly params: boolean },
): CompiledExpression | ExpressionProblem {
  const environment = admissionEnvironment({ params, authorizer: true });
  return compileExpression(environment, expression, { types: [boolType] });
}
