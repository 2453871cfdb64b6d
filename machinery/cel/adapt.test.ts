import { equal, ok } from 'node:assert/strict';
import { adapt, JsonMap } from './adapt.ts';
import { lookUp } from './attributes.ts';
import { literalText } from './debug-text.ts';

describe('JSON as values', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [null, 'null'],
    [3, '3'],
    [3.5, '3.5'],
    [2 ** 60, '1152921504606847000.0'],
    [2n ** 60n + 1n, '1152921504606846977'],
    [{ b: [1, 'x', null], a: { c: true } }, '{"a": {"c": true}, "b": [1, "x", null]}'],
  ];
  for (const [json, expected] of cases) {
    it(expected, () => equal(literalText(adapt(json as never)), expected));
  }

  it('has no fields beside those of its own', () => {
    const map = adapt({ a: undefined, b: 1 });
    ok(map instanceof JsonMap);
    equal(map.size(), 1);
    equal(lookUp(map, 'a', true), undefined);
    equal(lookUp(map, 'toString', true), undefined);
    equal(lookUp(map, '__proto__', true), undefined);
    equal(lookUp(map, 1n, true), undefined);
    equal(lookUp(map, 'b', false), 1n);
  });
});
