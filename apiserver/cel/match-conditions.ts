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
import type { ConditionMetrics, ConditionOwner } from './condition-metrics.ts';

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

/** Where conditions that do not all hold are counted, and as whose. */
export interface CountedConditions {
  readonly owner: ConditionOwner;
  readonly metrics: ConditionMetrics;
}

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
  async match(
    input: AdmissionInput,
    decide: Decide,
    { owner, metrics }: CountedConditions,
  ): Promise<Match> {
    if (this.conditions.length === 0) return { matches: true };
    const began = performance.now();
    const { match, failed } = await this.evaluate(input, decide);
    if (!('matches' in match && match.matches)) {
      metrics.unmatched(owner, input.attributes.operation, failed, performance.now() - began);
    }
    return match;
  }

  /** Also answers how many could not be evaluated, of those that counted. */
  private async evaluate(
    input: AdmissionInput,
    decide: Decide,
  ): Promise<{ match: Match; failed: number }> {
    try {
      return await withAuthority(input.attributes.user, decide, (authority) => {
        const budget = new Budget(conditionCostBudget);
        const vars = admissionActivation(input, authority);
        // All are evaluated before one decides, as what they cost together counts.
        const outcomes = this.conditions.map((c) => evaluateWithin(budget, c.expression, vars));
        const refusing = outcomes.findIndex((o) => 'value' in o && o.value === false);
        const counted = refusing < 0 ? outcomes : outcomes.slice(0, refusing);
        const problems = counted.flatMap((o) => ('problem' in o ? [o.problem] : []));
        const failed = problems.length;
        if (refusing >= 0) {
          return { match: { matches: false, condition: this.conditions[refusing]!.name }, failed };
        }
        return { match: failed === 0 ? { matches: true } : problem(aggregated(problems)), failed };
      });
    } catch (e) {
      if (e instanceof OutOfBudget) return { match: problem(e.message), failed: 0 };
      throw e;
    }
  }
}

function problem(text: string): Match {
  return { problem: text };
}

/** Compiles one condition. */
export function compileCondition(
  expression: string,
  { params }: { readonly params: boolean },
): CompiledExpression | ExpressionProblem {
  const environment = admissionEnvironment({ params, authorizer: true });
  return compileExpression(environment, expression, { types: [boolType] });
}
