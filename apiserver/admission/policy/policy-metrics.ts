/** What is counted of policies, under the real server's names. */
import { Counter } from '../../metrics/counter.ts';
import { Histogram } from '../../metrics/histogram.ts';
import type { MetricRegistry } from '../../metrics/registry.ts';
import type { ValidationDecision } from './validating-policy.ts';

/** What came of a validation. */
export type Enforcement = 'allow' | 'deny' | 'audit' | 'warn';

const prefix = 'apiserver_validating_admission_policy_check_';
const labels = ['policy', 'policy_binding', 'error_type', 'enforcement_action'];
const latencies = [0.0000005, 0.001, 0.01, 0.1, 1];

export class PolicyMetrics {
  readonly #checks = new Counter(
    `${prefix}total`,
    'Validations of policies, by policy, binding and what came of them.',
    labels,
  );
  readonly #seconds = new Histogram(
    `${prefix}duration_seconds`,
    'How long validations of policies took, by policy, binding and what came of them.',
    labels,
    latencies,
  );

  constructor(registry: MetricRegistry) {
    registry.add(this.#checks, this.#seconds);
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
