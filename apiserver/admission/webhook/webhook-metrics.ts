/** What is counted of webhooks, under the real server's names. */
import { ConditionMetrics, type ConditionOwner } from '../../cel/condition-metrics.ts';
import type { CountedConditions } from '../../cel/match-conditions.ts';
import { Counter } from '../../metrics/counter.ts';
import { Histogram } from '../../metrics/histogram.ts';
import type { MetricRegistry } from '../../metrics/registry.ts';
import type { Operation } from '../admission.ts';
import type { Hook } from './hook.ts';

/** Why a request was refused on account of a webhook. */
export type RejectionCause = 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error';

const prefix = 'apiserver_admission_';
const latencies = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
/** What is above is counted as this: no webhook makes as many series as it likes. */
const maxCode = 600;

export class WebhookMetrics {
  readonly #durations: Histogram;
  readonly #requests: Counter;
  readonly #rejections: Counter;
  readonly #failedOpen: Counter;
  readonly #conditions: ConditionMetrics;

  private constructor(conditions: ConditionMetrics) {
    this.#conditions = conditions;
    this.#durations = new Histogram(
      `${prefix}webhook_admission_duration_seconds`,
      'How long webhooks of admission took, by name, type and operation.',
      ['name', 'type', 'operation', 'rejected'],
      latencies,
    );
    this.#requests = new Counter(
      `${prefix}webhook_request_total`,
      'Requests to webhooks of admission, by name, type, operation and code; codes above 600 count as 600.',
      ['name', 'type', 'operation', 'code', 'rejected'],
    );
    this.#rejections = new Counter(
      `${prefix}webhook_rejection_count`,
      'Requests that were refused on account of a webhook, by name, type, operation, cause and code; codes above 600 count as 600.',
      ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    );
    this.#failedOpen = new Counter(
      `${prefix}webhook_fail_open_count`,
      'Calls of webhooks that failed and were ignored, by name and type.',
      ['name', 'type'],
    );
  }

  static readonly #ofRegistry = new WeakMap<MetricRegistry, WebhookMetrics>();

  /** Those of a server: both plugins count in the same. */
  static of(registry: MetricRegistry): WebhookMetrics {
    let metrics = WebhookMetrics.#ofRegistry.get(registry);
    if (metrics === undefined) {
      metrics = new WebhookMetrics(ConditionMetrics.of(registry));
      registry.add(metrics.#durations, metrics.#requests, metrics.#rejections, metrics.#failedOpen);
      WebhookMetrics.#ofRegistry.set(registry, metrics);
    }
    return metrics;
  }

  called(hook: Hook, operation: Operation, tookMs: number, code: number, rejected: boolean): void {
    const { name, type } = hook;
    const counted = String(Math.min(code, maxCode));
    this.#requests.of(name, type, operation, counted, String(rejected)).value++;
    this.#durations.of(name, type, operation, String(rejected)).observe(tookMs / 1000);
  }

  rejected(hook: Hook, operation: Operation, cause: RejectionCause, code: number): void {
    const { name, type } = hook;
    this.#rejections.of(name, type, operation, cause, String(Math.min(code, maxCode))).value++;
  }

  failedOpen({ name, type }: Hook): void {
    this.#failedOpen.of(name, type).value++;
  }

  /** Where the conditions of a webhook are counted. */
  conditionsOf(hook: Hook): CountedConditions {
    return { owner: ownerOf(hook), metrics: this.#conditions };
  }

  conditionExcluded(hook: Hook, operation: Operation): void {
    // Of those that it keeps away from validating webhooks, the real server says `validate`.
    const type = hook.type === 'admit' ? 'admit' : 'validate';
    this.#conditions.excluded({ ...ownerOf(hook), type }, operation);
  }
}

function ownerOf({ name, type }: Hook): ConditionOwner {
  return { name, kind: 'webhook', type };
}
