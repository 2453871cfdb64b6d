/**
 * What stands under a metric's name: a family of series. Counting happens on the path of every
 * request, so a family hands out a series once and the caller keeps it or finds it by one lookup;
 * text is made when somebody scrapes.
 */

/** One line of the exposition. `suffix`: `_bucket`, `_sum`, `_count` of a histogram. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly suffix?: string;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Read at each scrape. */
  samples(): Iterable<Sample>;
}

/** Series by the values of their labels, made when first asked for. */
export class SeriesMap<T> {
  readonly #labelNames: readonly string[];
  readonly #make: () => T;
  readonly #byKey = new Map<string, { readonly values: readonly string[]; readonly series: T }>();

  constructor(labelNames: readonly string[], make: () => T) {
    this.#labelNames = labelNames;
    this.#make = make;
  }

  /** `values` in the order of the names. */
  of(...values: readonly string[]): T {
    const key = values.join('\0');
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = { values, series: this.#make() };
      this.#byKey.set(key, found);
    }
    return found.series;
  }

  *entries(): Generator<readonly [labels: Record<string, string>, series: T]> {
    for (const { values, series } of this.#byKey.values()) {
      yield [Object.fromEntries(this.#labelNames.map((n, i) => [n, values[i] ?? ''])), series];
    }
  }
}
