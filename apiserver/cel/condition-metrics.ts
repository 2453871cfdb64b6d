/** What is counted of match conditions, under the real server's names. */
import type { Operation } from '../admission/admission.ts';
import { Counter } from '../metrics/counter.ts';
import { Histogram } from '../metrics/histogram.ts';
import type { MetricRegistry } from '../metrics/registry.ts';

/** Whose conditions they are. */
export interface ConditionOwner {
  readonly name: string;
  readonly kind: 'webhook' | 'policy';
  readonly type: 'admit' | 'validating' | 'validate';
}

const prefix = 'apiserver_admission_match_condition_';
const labels = ['name', 'kind', 'type', 'operation'];
const evaluations = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];

export class ConditionMetrics {
  static readonly #ofRegistry = new WeakMap<MetricRegistry, ConditionMetrics>();

  readonly #errors = new Counter(
    `${prefix}evaluation_errors_total`,
    'Match conditions that could not be evaluated.',
    labels,
  );
  readonly #exclusions = new Counter(
    `${prefix}exclusions_total`,
    'Requests that match conditions kept from a webhook.',
    labels,
  );
  readonly #seconds = new Histogram(
    `${prefix}evaluation_seconds`,
    'How long match conditions took that did not all hold.',
    labels,
    evaluations,
  );

  private constructor() {}

  /** Those of a server: all plugins count in the same. */
  static of(registry: MetricRegistry): ConditionMetrics {
    let metrics = ConditionMetrics.#ofRegistry.get(registry);
    if (metrics === undefined) {
      metrics = new ConditionMetrics();
      registry.add(metrics.#errors, metrics.#exclusions, metrics.#seconds);
      ConditionMetrics.#ofRegistry.set(registry, metrics);
    }
    return metrics;
  }

  /** Conditions that did not all hold, `failed` of which could not be evaluated. */
  unmatched(owner: ConditionOwner, operation: Operation, failed: number, tookMs: number): void {
    const values = valuesOf(owner, operation);
    if (failed > 0) this.#errors.of(...values).value += failed;
    this.#seconds.of(...values).observe(tookMs / 1000);
  }

  excluded(owner: ConditionOwner, operation: Operation): void {
    this.#exclusions.of(...valuesOf(owner, operation)).value++;
  }
}

function valuesOf({ name, kind, type }: ConditionOwner, operation: Operation): string[] {
  return [name, kind, type, operation];
}
