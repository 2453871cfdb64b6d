import assert from 'node:assert/strict';
import { feasibleNodesToFind, highest } from './schedule-pod.ts';

describe('scheduling algorithm', () => {
  for (const [nodes, percentage, expected] of [
    [50, 0, 50],
    [99, 10, 99],
    [1000, 0, 420],
    [1000, 5, 100],
    [1000, 70, 700],
    [6000, 0, 300],
    [10_000, 0, 500],
  ] as const) {
    it(`looks for ${expected} of ${nodes} nodes at ${percentage}%`, () => {
      assert.equal(feasibleNodesToFind(nodes, percentage), expected);
    });
  }

  it('breaks ties evenly', () => {
    const counts = [0, 0, 0, 0];
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed / 0x7fffffff;
    };
    for (let i = 0; i < 3000; i++) counts[highest(new Float64Array([5, 9, 9, 9]), random)]!++;
    assert.equal(counts[0], 0);
    for (const count of counts.slice(1)) assert.ok(count > 850 && count < 1150, String(counts));
  });
});
