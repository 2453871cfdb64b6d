/** Bringing raw scores into the range of the framework. */
import { maxNodeScore } from '../framework.ts';

/** Scales so that the highest becomes the maximum; `reverse`: the highest becomes 0. In place. */
export function normalizeByMax(scores: Float64Array, reverse: boolean): void {
  let highest = 0;
  for (const score of scores) if (score > highest) highest = score;
  if (highest === 0) {
    if (reverse) scores.fill(maxNodeScore);
    return;
  }
  for (let i = 0; i < scores.length; i++) {
    const scaled = Math.trunc((maxNodeScore * scores[i]!) / highest);
    scores[i] = reverse ? maxNodeScore - scaled : scaled;
  }
}
