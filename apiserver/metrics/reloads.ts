/** What /metrics tells of configuration files that are followed, under upstream's names. */
import { createHash } from 'node:crypto';
import { Counter, readGauge } from './counter.ts';
import type { Metric } from './metric.ts';

/** Of one file. */
export class Reloads {
  readonly metrics: readonly Metric[];
  readonly #count: Counter;
  readonly #last: Counter;
  readonly #server: string;
  readonly #nowMs: () => number;
  #hash: string | undefined;

  /** `what`: authentication, authorization, encryption; `identity`: of the server. */
  constructor(what: string, identity: string, nowMs: () => number) {
    const prefix = `apiserver_${what}_config_controller`;
    const labels = ['status', 'apiserver_id_hash'];
    this.#count = new Counter(
      `${prefix}_automatic_reloads_total`,
      `How often the ${what} configuration was taken over, or was not.`,
      labels,
    );
    this.#last = new Counter(
      `${prefix}_automatic_reload_last_timestamp_seconds`,
      `When the ${what} configuration was last taken over, or was not.`,
      labels,
      'gauge',
    );
    this.#server = hashOf(identity);
    this.#nowMs = nowMs;
    const info = readGauge(
      `${prefix}_last_config_info`,
      `Always 1; its label tells the ${what} configuration that is in force.`,
      () =>
        this.#hash === undefined
          ? []
          : [{ labels: { apiserver_id_hash: this.#server, hash: this.#hash }, value: 1 }],
    );
    this.metrics = [this.#count, this.#last, info];
  }

  /** The server runs with this text from its start. */
  began(text: string): void {
    this.#hash = hashOf(text);
  }

  /** A changed text is in force. */
  applied(text: string): void {
    this.#record('success');
    this.#hash = hashOf(text);
  }

  /** The file could not be read, or its text cannot be. */
  failed(): void {
    this.#record('failure');
  }

  #record(status: string): void {
    this.#count.of(status, this.#server).value++;
    this.#last.of(status, this.#server).value = this.#nowMs() / 1000;
  }
}

function hashOf(text: string): string {
  return text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
