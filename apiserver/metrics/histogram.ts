/** Histograms: how often a value fell under each of some limits. */
import { type Metric, type Sample, SeriesMap } from './metric.ts';

/** One series; `observe` costs a short walk over the limits. */
export class Distribution {
  readonly #limits: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** `limits` in ascending order; what is above the last is counted beside them. */
  constructor(limits: readonly number[]) {
    this.#limits = limits;
    this.#counts = new Float64Array(limits.length + 1);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#limits.length && value > this.#limits[at]!) at++;
    this.#counts[at]!++;
    this.#sum += value;
  }

  /** The lines of this series: buckets are cumulative, as scrapers expect them. */
  *samples(labels: Readonly<Record<string, string>>): Generator<Sample> {
    let below = 0;
    for (const [i, limit] of this.#limits.entries()) {
      below += this.#counts[i]!;
      yield { suffix: '_bucket', labels: { ...labels, le: limit }, value: below };
    }
    const count = below + this.#counts[this.#limits.length]!;
    yield { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count };
    yield { suffix: '_sum', labels, value: this.#sum };
    yield { suffix: '_count', labels, value: count };
  }
}

export class Histogram implements Metric {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly #series: SeriesMap<Distribution>;

  constructor(
    name: string,
    help: string,
    labelNames: readonly string[],
    limits: readonly number[],
  ) {
    this.name = name;
    this.help = help;
    this.#series = new SeriesMap(labelNames, () => new Distribution(limits));
  }

  /** The series with these label values, in the order of the names. */
  of(...values: readonly string[]): Distribution {
    return this.#series.of(...values);
  }

  *samples(): Generator<Sample> {
    for (const [labels, series] of this.#series.entries()) yield* series.samples(labels);
  }
}

/** `count` limits, the first `start`, each `factor` times the one before. */
export function exponential(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start * factor ** i);
}
