/**
 * Shares a number of seats out among priority levels: as near to the same fraction of what each
 * aims at as their lower and upper bounds allow (KEP-1040, "Dispatching").
 */
export interface Claim {
  readonly lowerBound: number;
  readonly upperBound: number;
  /** Not below the lower bound. */
  readonly target: number;
}

export interface Allocation {
  readonly seats: number[];
  /** The fraction of its target that each gets whose bounds leave it room. */
  readonly fairFraction: number;
}

/** Targets are taken for at least this. */
const minTarget = 0.001;
const epsilon = 1e-7;

/**
 * `seats` sum up to `sum`, each within its bounds: `fairFraction * target` where that lies between
 * them, else the nearer bound. Undefined when the bounds do not allow such a sum.
 */
export function allocate(sum: number, claims: readonly Claim[]): Allocation | undefined {
  const targets = claims.map((c) => Math.max(c.target, minTarget));
  const total = (of: (claim: Claim) => number) => claims.reduce((n, c) => n + of(c), 0);
  const lowest = total((c) => c.lowerBound);
  const highest = total((c) => c.upperBound);
  if (claims.some((c) => c.lowerBound < 0 || c.upperBound < c.lowerBound)) return undefined;
  if (claims.some((c) => c.target < c.lowerBound)) return undefined;
  if (sum < 0 || lowest - sum > epsilon || sum - highest > epsilon) return undefined;
  if (sum === 0) return { seats: claims.map(() => 0), fairFraction: 0 };
  const lows = claims.map((c, i) => c.lowerBound / targets[i]!);
  const highs = claims.map((c, i) => c.upperBound / targets[i]!);
  if (lowest - sum > -epsilon) {
    return { seats: claims.map((c) => c.lowerBound), fairFraction: Math.min(...lows) };
  }
  if (sum - highest > -epsilon) {
    return { seats: claims.map((c) => c.upperBound), fairFraction: Math.max(...highs) };
  }
  const fairFraction = solve(sum, lowest, targets, lows, highs);
  const seats = claims.map((c, i) =>
    Math.max(c.lowerBound, Math.min(c.upperBound, fairFraction * targets[i]!)),
  );
  return { seats, fairFraction };
}

/**
 * The fraction at which the clamped targets sum up to `sum`. The sum grows with the fraction, by
 * straight pieces that meet at the relative bounds: walked from the lowest up.
 */
function solve(
  sum: number,
  lowest: number,
  targets: readonly number[],
  lows: readonly number[],
  highs: readonly number[],
): number {
  const bends = [
    ...lows.map((at, i) => ({ at, slope: targets[i]! })),
    ...highs.map((at, i) => ({ at, slope: -targets[i]! })),
  ].sort((a, b) => a.at - b.at);
  let fraction = bends[0]!.at;
  let reached = lowest;
  let slope = 0;
  for (const bend of bends) {
    const there = reached + slope * (bend.at - fraction);
    if (slope > 0 && there >= sum) break;
    reached = there;
    fraction = bend.at;
    slope += bend.slope;
  }
  return slope > 0 ? fraction + (sum - reached) / slope : fraction;
}
