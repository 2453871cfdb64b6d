/** The proxy's metrics, under the names dashboards know. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../machinery/meta/clock.ts';
import type { Shortages } from './rules/build.ts';
import type { Family } from './service-ports.ts';

/** Called when a sync ends. */
export type SyncEnd = (ok: boolean, shortages: Shortages) => void;

export class ProxyMetrics {
  readonly registry = new Registry();
  readonly #clock: Clock;
  readonly #seconds: Histogram<'ip_family'>;
  readonly #lastSeconds: Gauge<'ip_family'>;
  readonly #queuedSeconds: Gauge;
  readonly #failures: Counter<'ip_family'>;
  readonly #shortages: Gauge<'traffic_policy' | 'ip_family'>;

  constructor(clock: Clock) {
    this.#clock = clock;
    const registers = [this.registry];
    this.#seconds = new Histogram({
      name: 'kubeproxy_sync_proxy_rules_duration_seconds',
      help: 'Length of one update of the rules.',
      labelNames: ['ip_family'],
      buckets: Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i),
      registers,
    });
    this.#lastSeconds = new Gauge({
      name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      help: 'When the rules were last updated successfully.',
      labelNames: ['ip_family'],
      registers,
    });
    this.#queuedSeconds = new Gauge({
      name: 'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
      help: 'When an update of the rules was last asked for.',
      registers,
    });
    this.#failures = new Counter({
      name: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
      help: 'Updates of the rules that failed.',
      labelNames: ['ip_family'],
      registers,
    });
    this.#shortages = new Gauge({
      name: 'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
      help: 'Service ports with a Local traffic policy and no endpoint on this node.',
      labelNames: ['traffic_policy', 'ip_family'],
      registers,
    });
  }

  queued(): void {
    this.#queuedSeconds.set(this.#clock.now() / 1000);
  }

  syncStarted(family: Family): SyncEnd {
    const startMs = performance.now();
    return (ok, shortages) => {
      this.#seconds.observe({ ip_family: family }, (performance.now() - startMs) / 1000);
      if (!ok) {
        this.#failures.inc({ ip_family: family });
        return;
      }
      this.#lastSeconds.set({ ip_family: family }, this.#clock.now() / 1000);
      for (const policy of ['internal', 'external'] as const) {
        this.#shortages.set({ traffic_policy: policy, ip_family: family }, shortages[policy]);
      }
    };
  }
}
