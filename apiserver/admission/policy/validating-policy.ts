/** A ValidatingAdmissionPolicy, compiled: what it decides about a request. */
import type { Authority } from '../../../machinery/cel/library/authorizer.ts';
import type { Value } from '../../../machinery/cel/values.ts';
import type { ValidatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { type AdmissionInput, admissionActivation } from '../../cel/admission-input.ts';
import { type Decide, withAuthority } from '../../cel/authority.ts';
import { Budget, costBudget, evaluateWithin, type Outcome, OutOfBudget } from '../../cel/budget.ts';
import type { CompiledExpression, ExpressionProblem } from '../../cel/compile.ts';
import type { ConditionMetrics } from '../../cel/condition-metrics.ts';
import { type CountedConditions, MatchConditions } from '../../cel/match-conditions.ts';
import { PolicyCompiler } from '../../cel/policy-compiler.ts';
import { PolicyVariables } from '../../cel/policy-variables.ts';

type Compiled = CompiledExpression | ExpressionProblem;
type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;

/** What one validation says. */
export interface ValidationDecision {
  readonly denied: boolean;
  /** It could not be found out; the failure policy has decided. */
  readonly failed: boolean;
  /** Of a denial. */
  readonly reason?: string;
  readonly message: string;
}

/** What is to be told in the audit log; `error` denies the request. */
export type AuditEntry =
  | { readonly key: string; readonly value: string }
  | { readonly error: string };

export interface PolicyResult {
  /** By validation; one alone when all of them failed. */
  readonly decisions: readonly ValidationDecision[];
  readonly audit: readonly AuditEntry[];
}

const nothing: PolicyResult = { decisions: [], audit: [] };
const maxMessageBytes = 5 * 1024;

/** Made once for a policy as it is stored; asked about many requests at once. */
export class CompiledValidatingPolicy {
  private readonly spec: Spec;
  private readonly variables = new Map<string, Compiled>();
  private readonly conditions: MatchConditions;
  private readonly counted: CountedConditions;
  private readonly validations: readonly Compiled[];
  private readonly messages: readonly (Compiled | undefined)[];
  private readonly annotations: readonly Compiled[];

  constructor(policy: ValidatingAdmissionPolicy, metrics: ConditionMetrics) {
    const owner = { name: policy.metadata?.name ?? '', kind: 'policy', type: 'validate' } as const;
    this.counted = { owner, metrics };
    this.spec = policy.spec ?? {};
    const params = Boolean(this.spec.paramKind);
    const compiler = new PolicyCompiler({ params, composed: true });
    for (const { name, expression } of this.spec.variables ?? []) {
      this.variables.set(name, compiler.variable(name, expression));
    }
    this.conditions = new MatchConditions(this.spec.matchConditions ?? [], { params });
    const validations = this.spec.validations ?? [];
    this.validations = validations.map((v) => compiler.validation(v.expression));
    this.messages = validations.map(({ messageExpression: text = '' }) =>
      text === '' ? undefined : compiler.message(text),
    );
    this.annotations = (this.spec.auditAnnotations ?? []).map((a) =>
      compiler.auditAnnotation(a.valueExpression),
    );
  }

  /** Asks about a request; `decide` answers what `authorizer` is asked. */
  async evaluate(input: AdmissionInput, decide: Decide): Promise<PolicyResult> {
    const match = await this.conditions.match(input, decide, this.counted);
    if ('problem' in match) {
      return this.ignores ? nothing : { decisions: [this.failure(match.problem)], audit: [] };
    }
    if (!match.matches) return nothing;
    return withAuthority(input.attributes.user, decide, (authority) => {
      try {
        return this.evaluateAll(input, authority);
      } catch (e) {
        if (!(e instanceof OutOfBudget)) throw e;
        return { decisions: [this.failure(e.message)], audit: [] };
      }
    });
  }

  private get ignores(): boolean {
    return this.spec.failurePolicy === 'Ignore';
  }

  private failure(message: string): ValidationDecision {
    return { denied: !this.ignores, failed: true, message };
  }

  private evaluateAll(input: AdmissionInput, authority: Authority): PolicyResult {
    const budget = new Budget(costBudget);
    const outcomes = this.group(this.validations, budget, input, authority);
    let messages: readonly (Outcome | undefined)[] = [];
    let lost: string | undefined;
    try {
      messages = this.group(this.messages, budget, input, authority);
    } catch (e) {
      if (!(e instanceof OutOfBudget)) throw e;
      lost = e.message;
    }
    const decisions = outcomes.map((outcome, i) => this.decision(i, outcome!, messages[i], lost));
    const values = this.group(this.annotations, new Budget(costBudget), input, authority);
    return { decisions, audit: values.flatMap((value, i) => this.auditEntry(i, value!)) };
  }

  /** Evaluates expressions that share variables. Throws OutOfBudget. */
  private group(
    expressions: readonly (Compiled | undefined)[],
    budget: Budget,
    input: AdmissionInput,
    authority: Authority,
  ): readonly (Outcome | undefined)[] {
    let variables: PolicyVariables | undefined;
    const vars = admissionActivation(input, authority, (whole): Value => {
      variables = new PolicyVariables(this.variables, whole);
      return variables;
    });
    const otherCosts = () => variables?.takeCost() ?? 0;
    return expressions.map((e) => e && evaluateWithin(budget, e, vars, otherCosts));
  }

  private decision(
    i: number,
    outcome: Outcome,
    message: Outcome | undefined,
    lost: string | undefined,
  ): ValidationDecision {
    if ('problem' in outcome) return this.failure(outcome.problem);
    if (lost !== undefined) return this.failure(`failed messageExpression: ${lost}`);
    if (outcome.value === true) return { denied: false, failed: false, message: '' };
    const { expression, message: text = '', reason } = this.spec.validations![i]!;
    const said = usable(message) || text.trim() || `failed expression: ${expression.trim()}`;
    return { denied: true, failed: false, reason: reason ?? 'Invalid', message: said };
  }

  private auditEntry(i: number, outcome: Outcome): readonly AuditEntry[] {
    const { key } = this.spec.auditAnnotations![i]!;
    if ('problem' in outcome) return this.ignores ? [] : [{ error: outcome.problem }];
    const value = typeof outcome.value === 'string' ? outcome.value.trim() : '';
    return value === '' ? [] : [{ key, value }];
  }
}

/** A message that was worked out; '' for one that cannot be shown. */
function usable(message: Outcome | undefined): string {
  if (message === undefined || 'problem' in message || typeof message.value !== 'string') return '';
  const text = message.value.trim();
  return Buffer.byteLength(text) > maxMessageBytes || text.includes('\n') ? '' : text;
}
