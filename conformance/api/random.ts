/** Random numbers that a seed repeats. */

export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  /** True once in `times`. */
  oneIn(times: number): boolean;
  /** Another stream of numbers, for somebody who draws at times of his own. */
  fork(): Random;
}

/** mulberry32: small, fast and good enough for tests. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    below: (limit) => Math.floor(next() * limit),
    pick: (from) => from[random.below(from.length)]!,
    oneIn: (times) => random.below(times) === 0,
    fork: () => randomOf(random.below(2 ** 31)),
  };
  return random;
}
