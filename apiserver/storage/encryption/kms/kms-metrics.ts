/** What /metrics tells of key management plugins, under upstream's names. */
import { createHash } from 'node:crypto';
import { Counter } from '../../../metrics/counter.ts';
import { exponential, Histogram } from '../../../metrics/histogram.ts';
import type { Metric } from '../../../metrics/metric.ts';

const prefix = 'apiserver_envelope_encryption';

/** Of all plugins of one server. */
export class KmsMetrics {
  readonly metrics: readonly Metric[];
  readonly #latency: Histogram;
  readonly #uses: Counter;
  readonly #lastUses: Counter;
  readonly #lastStatus: Counter;
  readonly #invalid: Counter;
  readonly #cacheSize: Counter;
  readonly #server: string;
  readonly #nowMs: () => number;

  /** `identity`: of the server. */
  constructor(identity: string, nowMs: () => number) {
    this.#server = hashOf(identity);
    this.#nowMs = nowMs;
    this.#latency = new Histogram(
      `${prefix}_kms_operations_latency_seconds`,
      'How long calls of key management plugins take, by how they end.',
      ['provider_name', 'method_name', 'grpc_status_code'],
      exponential(0.0001, 2, 20),
    );
    const use = ['transformation_type', 'provider_name', 'key_id_hash', 'apiserver_id_hash'];
    this.#uses = new Counter(`${prefix}_key_id_hash_total`, 'How often a key was used.', use);
    this.#lastUses = new Counter(
      `${prefix}_key_id_hash_last_timestamp_seconds`,
      'When a key was last used.',
      use,
      'gauge',
    );
    this.#lastStatus = new Counter(
      `${prefix}_key_id_hash_status_last_timestamp_seconds`,
      'When a plugin last said that this is its key.',
      ['provider_name', 'key_id_hash', 'apiserver_id_hash'],
      'gauge',
    );
    this.#invalid = new Counter(
      `${prefix}_invalid_key_id_from_status_total`,
      'How often a plugin named a key that cannot be.',
      ['provider_name', 'error'],
    );
    this.#cacheSize = new Counter(
      `${prefix}_dek_source_cache_size`,
      'How many sources of keys are known in the clear.',
      ['provider_name'],
      'gauge',
    );
    this.metrics = [
      this.#latency,
      this.#uses,
      this.#lastUses,
      this.#lastStatus,
      this.#invalid,
      this.#cacheSize,
    ];
  }

  called(provider: string, method: string, seconds: number, code: string): void {
    this.#latency.of(provider, method, code).observe(seconds);
  }

  /** `way`: `to_storage` or `from_storage`. */
  used(way: string, provider: string, keyId: string): void {
    const labels = [way, provider, hashOf(keyId), this.#server] as const;
    this.#uses.of(...labels).value++;
    this.#lastUses.of(...labels).value = this.#nowMs() / 1000;
  }

  named(provider: string, keyId: string): void {
    this.#lastStatus.of(provider, hashOf(keyId), this.#server).value = this.#nowMs() / 1000;
  }

  misnamed(provider: string, error: string): void {
    this.#invalid.of(provider, error).value++;
  }

  cached(provider: string, count: number): void {
    this.#cacheSize.of(provider).value = count;
  }
}

/** How keys are told apart without being named; '' for none. */
export function hashOf(text: string): string {
  return text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
