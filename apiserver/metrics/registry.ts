/** All metrics of one API server, and the text that /metrics answers with. */
import type { Registry } from 'prom-client';
import type { Metric } from './metric.ts';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

export class MetricRegistry {
  readonly #metrics: Metric[] = [];

  /** Throws for a second metric of the same name. */
  add(...metrics: readonly Metric[]): void {
    for (const m of metrics) {
      if (this.#metrics.some((known) => known.name === m.name)) {
        throw new Error(`metric ${m.name} is there already`);
      }
      this.#metrics.push(m);
    }
  }

  /** The text format of Prometheus. */
  async expose(): Promise<Exposition> {
    // Loaded when first asked for: a server that nobody scrapes does without.
    const { Registry } = await import('prom-client');
    const registry = new Registry();
    for (const m of this.#metrics) registry.registerMetric(readable(m));
    return { contentType: registry.contentType, body: await registry.metrics() };
  }
}

type Readable = Parameters<Registry['registerMetric']>[0];

/** The part of a metric that prom-client reads when it writes text. */
function readable(metric: Metric): Readable {
  const { name, help, type } = metric;
  const get = async () => ({
    name,
    help,
    type,
    values: Array.from(metric.samples(), ({ labels, value, suffix }) => ({
      labels,
      value,
      ...(suffix === undefined ? {} : { metricName: `${name}${suffix}` }),
    })),
  });
  return { name, help, type, get } as unknown as Readable;
}
