import assert from 'node:assert/strict';
import { errorText, FieldPath } from '../../machinery/meta/field-error.ts';
import { amountOf, validateAtMost100Percent, validateIntOrPercent } from './int-or-percent.ts';

const at = FieldPath.of('f');

describe('int or percent', () => {
  const cases: [number | string, string[]][] = [
    [0, []],
    [5, []],
    ['0%', []],
    ['25%', []],
    [-1, ['f: Invalid value: -1: must be greater than or equal to 0']],
    ['x', ['f: Invalid value: "x"…']],
    ['10', ['f: Invalid value: "10"…']],
  ];
  for (const [value, expected] of cases) {
    it(`checks ${JSON.stringify(value)}`, () => {
      const texts = validateIntOrPercent(value, at).map(errorText);
      assert.equal(texts.length, expected.length, texts.join());
      for (const [i, e] of expected.entries()) {
        assert.ok(texts[i]!.startsWith(e.replace('…', '')), texts.join());
      }
    });
  }

  it('knows more than everything', () => {
    assert.deepEqual(validateAtMost100Percent('101%', at).map(errorText), [
      'f: Invalid value: "101%": must not be greater than 100%',
    ]);
    assert.deepEqual(validateAtMost100Percent('100%', at), []);
    assert.deepEqual(validateAtMost100Percent(1000, at), []);
  });

  it('gives the number that is compared', () => {
    assert.deepEqual([amountOf(3), amountOf('40%'), amountOf(undefined)], [3, 40, 0]);
  });
});
