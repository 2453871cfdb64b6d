import assert from 'node:assert/strict';
import { countIndexes, overlapProblem } from './job-indexes.ts';

describe('lists of indexes', () => {
  const counts: [string, number | RegExp][] = [
    ['', 0],
    ['0', 1],
    ['1,3-5,7', 5],
    ['0-9', 10],
    ['3,1', /increasing|greater|order/],
    ['1-x', /./],
    ['5-3', /./],
    ['12', /./],
    ['1,,2', /./],
  ];
  for (const [text, expected] of counts) {
    it(`counts ${JSON.stringify(text)}`, () => {
      const result = countIndexes(text, 10);
      if (typeof expected === 'number') assert.deepEqual(result, { count: expected });
      else assert.match(result.problem ?? '', expected);
    });
  }

  it('finds what two have in common', () => {
    assert.equal(overlapProblem('0-2,5', '3,6-9', 10), undefined);
    assert.match(overlapProblem('0-2,5', '4-6', 10) ?? '', /5/);
    assert.match(overlapProblem('1,3-8', '2,7', 10) ?? '', /7/);
  });
});
