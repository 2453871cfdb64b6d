/** How the seats of the server are divided among priority levels, and lent between them. */
import { allocate } from './concurrency-allocation.ts';
import type { PriorityLevel } from './priority-level.ts';

/** A single request may take so much of its level. */
const widestFraction = 0.15;

/** Divides the server's seats by the shares of the levels. Call `lend` afterwards. */
export function divide(levels: readonly PriorityLevel[], serverSeats: number): void {
  const shares = levels.reduce((n, level) => n + level.spec.shares, 0);
  for (const level of levels) {
    const { spec } = level;
    // Rounded up: the sum may be a little more than the server's.
    const nominal = shares === 0 ? 0 : Math.ceil((serverSeats * spec.shares) / shares);
    const lendable = Math.round((nominal * spec.lendablePercent) / 100);
    const borrows =
      spec.borrowingLimitPercent === undefined
        ? serverSeats
        : Math.round((nominal * spec.borrowingLimitPercent) / 100);
    level.nominal = nominal;
    level.lower = nominal - lendable;
    level.upper = nominal + borrows;
    level.maxSeats =
      spec.handSize === 0
        ? 0
        : Math.max(
            1,
            Math.min(Math.ceil(nominal * widestFraction), Math.floor(nominal / spec.handSize)),
          );
    level.current ??= nominal - Math.floor(lendable / 2);
  }
}

/**
 * Ends a period of demand: sets how many seats each level has until the next one, and returns the
 * fraction of its target that each gets that is not bound otherwise.
 */
export function lend(levels: readonly PriorityLevel[], serverSeats: number, nowMs: number): number {
  for (const level of levels) level.demand.endPeriod(nowMs);
  const limited = levels.filter((level) => !level.exempt);
  let left = levels.reduce((n, level) => n + level.nominal, 0);
  for (const level of levels) {
    if (!level.exempt) continue;
    level.current = Math.max(level.lower, level.demand.highWatermark);
    level.target = level.current;
    left -= level.current;
  }
  const lowers = limited.reduce((n, level) => n + level.lower, 0);
  const needs = limited.map((level) =>
    Math.max(level.lower, Math.min(level.nominal, level.demand.highWatermark)),
  );
  const needed = needs.reduce((n, seats) => n + seats, 0);
  limited.forEach((level, i) => {
    level.target = Math.max(needs[i]!, level.demand.smoothed);
  });
  let fairFraction = 0;
  if (left <= lowers) {
    for (const level of limited) level.current = level.lower;
  } else if (left <= needed) {
    const fraction = (left - lowers) / (needed - lowers);
    limited.forEach((level, i) => {
      level.current = level.lower + Math.round((needs[i]! - level.lower) * fraction);
    });
  } else {
    const claims = limited.map((level, i) => ({
      lowerBound: needs[i]!,
      upperBound: level.upper,
      target: level.target,
    }));
    const sum = levels.reduce((n, level) => n + level.nominal, 0);
    const allocation = allocate(sum, claims);
    // Bounds that cannot all be kept leave everything as it is.
    limited.forEach((level, i) => {
      level.current = Math.round(allocation?.seats[i] ?? level.current ?? level.nominal);
    });
    fairFraction = allocation?.fairFraction ?? 0;
  }
  for (const level of levels) {
    const seats = level.current ?? 0;
    level.share.weight = seats > 0 ? seats : Math.max(1, Math.round(serverSeats / 10));
    level.queues.configure(level.spec.queuing, seats);
  }
  return fairFraction;
}
