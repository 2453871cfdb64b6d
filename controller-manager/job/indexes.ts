/** Sets of completion indexes as ordered intervals, in the notation of status: `1,3-5,7`. */

interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Immutable. */
export class Indexes {
  static readonly none = new Indexes([]);
  private readonly intervals: readonly Interval[];

  private constructor(intervals: readonly Interval[]) {
    this.intervals = intervals;
  }

  /** Reads the notation; what is malformed or not below `limit` is left out. */
  static parse(text: string | undefined, limit: number): Indexes {
    const intervals: Interval[] = [];
    for (const part of (text ?? '').split(',')) {
      const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
      if (match === null) continue;
      const first = Number(match[1]);
      if (first >= limit) break;
      intervals.push({ first, last: Math.min(limit - 1, Number(match[2] ?? first)) });
    }
    return new Indexes(merged(intervals));
  }

  static of(indexes: Iterable<number>): Indexes {
    return new Indexes(merged([...indexes].map((i) => ({ first: i, last: i }))));
  }

  get count(): number {
    return this.intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    return this.intervals.some(({ first, last }) => first <= index && index <= last);
  }

  with(other: Indexes | Iterable<number>): Indexes {
    const more = other instanceof Indexes ? other : Indexes.of(other);
    return new Indexes(merged([...this.intervals, ...more.intervals]));
  }

  /** How many indexes both have. */
  common(other: Indexes): number {
    let count = 0;
    for (const a of this.intervals) {
      for (const b of other.intervals) {
        count += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
      }
    }
    return count;
  }

  /** The first `count` indexes below `limit` that are not in the set. */
  missing(count: number, limit: number): number[] {
    const result: number[] = [];
    let candidate = 0;
    for (const { first, last } of [...this.intervals, { first: limit, last: limit }]) {
      for (; candidate < first && candidate < limit && result.length < count; candidate++) {
        result.push(candidate);
      }
      candidate = Math.max(candidate, last + 1);
    }
    return result;
  }

  /** The notation: two neighbours as `1,2`, more as `1-3`. */
  toString(): string {
    return this.intervals
      .map(({ first, last }) => {
        if (first === last) return `${first}`;
        return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
      })
      .join(',');
  }
}

function merged(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const next of intervals.toSorted((a, b) => a.first - b.first)) {
    const last = result.at(-1);
    if (last === undefined || next.first > last.last + 1) result.push(next);
    else if (next.last > last.last) {
      result[result.length - 1] = { first: last.first, last: next.last };
    }
  }
  return result;
}
