/** Decides how much history the embedded store keeps: by age, count and size. Pure. */

export interface HistoryLimits {
  /** History younger than this is kept, if the other limits allow. */
  readonly keepMs: number;
  /** At most about so many revisions. */
  readonly maxRevisions: number;
  /** At most about so many bytes of rows. */
  readonly maxBytes: number;
}

/** As the API server keeps it with etcd: five minutes; less when very much is written. */
export const defaultHistory: HistoryLimits = {
  keepMs: 5 * 60 * 1000,
  maxRevisions: 100_000,
  maxBytes: 128 * 1024 * 1024,
};

/** How often age is looked at while there is history, in steps of `keepMs`. */
const steps = 5;

/** Remembers which revision was the newest at which time. */
export class HistoryClock {
  readonly #limits: HistoryLimits;
  /** Ascending in time, at most `steps` + 1. */
  readonly #samples: { readonly at: number; readonly revision: number }[] = [];

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  /** How long to wait between two calls of `tick`. */
  get intervalMs(): number {
    return this.#limits.keepMs / steps;
  }

  /** Notes the newest revision; returns the one to compact to, 0 for none. */
  tick(now: number, revision: number): number {
    this.#samples.push({ at: now, revision });
    let cut = 0;
    while (this.#samples[0] !== undefined && this.#samples[0].at <= now - this.#limits.keepMs) {
      cut = this.#samples.shift()!.revision;
    }
    return cut;
  }

  /** Whether history has outgrown its limits by a good piece, so that cutting it is worth it. */
  exceeds(revisions: number, bytes: number): boolean {
    return revisions > this.#limits.maxRevisions * 1.2 || bytes > this.#limits.maxBytes * 1.2;
  }
}
