/** A MutatingAdmissionPolicy, compiled: what it makes of objects. */
import type { Value } from '../../../machinery/cel/values.ts';
import type { KubeObject, MutatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { type AdmissionInput, admissionActivation } from '../../cel/admission-input.ts';
import { type Decide, withAuthority } from '../../cel/authority.ts';
import { Budget, costBudget, evaluateWithin, OutOfBudget } from '../../cel/budget.ts';
import type { CompiledExpression, ExpressionProblem } from '../../cel/compile.ts';
import type { ConditionMetrics } from '../../cel/condition-metrics.ts';
import { type CountedConditions, type Match, MatchConditions } from '../../cel/match-conditions.ts';
import { PolicyCompiler } from '../../cel/policy-compiler.ts';
import { PolicyVariables } from '../../cel/policy-variables.ts';
import { applied, MutationProblem, type Patching, patchedBySteps } from './object-patching.ts';

interface Mutation {
  readonly expression: CompiledExpression | ExpressionProblem;
  readonly patching: Patching;
}

/** Made once for a policy as it is stored; asked about many requests at once. */
export class CompiledMutatingPolicy {
  /** How many mutations there are; they are made in their order. */
  readonly count: number;
  private readonly variables = new Map<string, CompiledExpression | ExpressionProblem>();
  private readonly conditions: MatchConditions;
  private readonly counted: CountedConditions;
  private readonly mutations: readonly Mutation[];

  constructor({ metadata, spec = {} }: MutatingAdmissionPolicy, metrics: ConditionMetrics) {
    // The real server counts both kinds of policies as ones that validate.
    const owner = { name: metadata?.name ?? '', kind: 'policy', type: 'validate' } as const;
    this.counted = { owner, metrics };
    const params = Boolean(spec.paramKind);
    const compiler = new PolicyCompiler({ params, composed: true });
    for (const { name, expression } of spec.variables ?? []) {
      this.variables.set(name, compiler.variable(name, expression));
    }
    this.conditions = new MatchConditions(spec.matchConditions ?? [], { params });
    this.mutations = (spec.mutations ?? []).map((m) =>
      m.patchType === 'JSONPatch'
        ? {
            expression: compiler.jsonPatch(m.jsonPatch?.expression ?? ''),
            patching: patchedBySteps,
          }
        : {
            expression: compiler.applyConfiguration(m.applyConfiguration?.expression ?? ''),
            patching: applied,
          },
    );
    this.count = this.mutations.length;
  }

  /** Whether it is to be asked. */
  match(input: AdmissionInput, decide: Decide): Promise<Match> {
    return this.conditions.match(input, decide, this.counted);
  }

  /** The object after a mutation, of a `published` kind or not. Throws MutationProblem or StatusError. */
  async mutate(
    index: number,
    input: AdmissionInput & { readonly object: KubeObject },
    published: boolean,
    decide: Decide,
  ): Promise<KubeObject> {
    const { expression, patching } = this.mutations[index]!;
    if ('problem' in expression) throw new MutationProblem(expression.problem);
    const outcome = await withAuthority(input.attributes.user, decide, (authority) => {
      let variables: PolicyVariables | undefined;
      const vars = admissionActivation(input, authority, (whole): Value => {
        variables = new PolicyVariables(this.variables, whole);
        return variables;
      });
      const otherCosts = () => variables?.takeCost() ?? 0;
      return evaluateWithin(new Budget(costBudget), expression, vars, otherCosts);
    }).catch((e: unknown) => {
      throw e instanceof OutOfBudget ? new MutationProblem(e.message) : e;
    });
    if ('problem' in outcome) throw new MutationProblem(outcome.problem);
    return patching(input.object, outcome.value, { kind: input.kind, published });
  }
}
