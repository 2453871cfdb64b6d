/** Counters and gauges: one number a series. */
import { type Metric, type Sample, SeriesMap } from './metric.ts';

/** The number of one series; who counts writes to it. */
export interface Cell {
  value: number;
}

/** A counter (it only grows) or a gauge, written by whoever holds a cell of it. */
export class Counter implements Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly #series: SeriesMap<Cell>;

  constructor(
    name: string,
    help: string,
    labelNames: readonly string[],
    type: 'counter' | 'gauge' = 'counter',
  ) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.#series = new SeriesMap(labelNames, () => ({ value: 0 }));
  }

  /** The series with these label values, in the order of the names. */
  of(...values: readonly string[]): Cell {
    return this.#series.of(...values);
  }

  *samples(): Generator<Sample> {
    for (const [labels, { value }] of this.#series.entries()) yield { labels, value };
  }
}

/** A gauge whose series are worked out when somebody scrapes. */
export function readGauge(name: string, help: string, samples: () => Iterable<Sample>): Metric {
  return { name, help, type: 'gauge', samples };
}
