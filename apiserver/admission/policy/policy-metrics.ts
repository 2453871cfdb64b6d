/** What is counted of policies, under the real server's names. */
import { Counter } from '../../metrics/counter.ts';
import { Histogram } from '../../metrics/histogram.ts';
import type { MetricRegistry } from '../../metrics/registry.ts';
import type { ValidationDecision } from './validating-policy.ts';

/** What came of a validation. */
export type Enforcement = 'allow' | 'deny' | 'audit' | 'warn';

const labels = ['policy', 'policy_binding', 'error_type'];
const latencies = [0.0000005, 0.001, 0.01, 0.1, 1];

export class PolicyMetrics {
  readonly #checks: Counter;
  readonly #seconds: Histogram;

  private constructor(registry: MetricRegistry, kind: string, labelNames: readonly string[]) {
    const prefix = `apiserver_${kind}_admission_policy_check_`;
    this.#checks = new Counter(
      `${prefix}total`,
      'Expressions of policies that decided, by policy, binding and what came of them.',
      labelNames,
    );
    this.#seconds = new Histogram(
      `${prefix}duration_seconds`,
      'How long expressions of policies took, by policy, binding and what came of them.',
      labelNames,
      latencies,
    );
    registry.add(this.#checks, this.#seconds);
  }

  static validating(registry: MetricRegistry): PolicyMetrics {
    return new PolicyMetrics(registry, 'validating', [...labels, 'enforcement_action']);
  }

  static mutating(registry: MetricRegistry): PolicyMetrics {
    return new PolicyMetrics(registry, 'mutating', labels);
  }

  /** One mutation; `problem` is why it could not be made. */
  mutated(
    [policy, binding]: readonly [string, string],
    problem: string | undefined,
    tookMs: number,
  ): void {
    const type = problem === undefined ? 'no_error' : errorType(problem);
    this.#checks.of(policy, binding, type).value++;
    this.#seconds.of(policy, binding, type).observe(tookMs / 1000);
  }

  /** One validation, of the policy and binding of these names. */
  checked(
    [policy, binding]: readonly [string, string],
    { failed, message }: Pick<ValidationDecision, 'failed' | 'message'>,
    action: Enforcement,
    tookMs: number,
  ): void {
    const values = [policy, binding, failed ? errorType(message) : 'invalid_error', action];
    this.#checks.of(...values).value++;
    this.#seconds.of(...values).observe(tookMs / 1000);
  }
}

function errorType(message: string): string {
  if (message.startsWith('compilation')) return 'compile_error';
  const spent = 'validation failed due to running out of cost budget';
  return message.startsWith(spent) ? 'out_of_budget' : 'invalid_error';
}
