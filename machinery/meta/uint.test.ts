import assert from 'node:assert/strict';
import { uintProblem } from './uint.ts';

describe('unsigned numbers', () => {
  const cases: [text: string, problem: string | undefined][] = [
    ['0', undefined],
    ['007', undefined],
    ['18446744073709551615', undefined],
    [
      '18446744073709551616',
      'strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['', 'strconv.ParseUint: parsing "": invalid syntax'],
    ['-1', 'strconv.ParseUint: parsing "-1": invalid syntax'],
    ['a\nb', 'strconv.ParseUint: parsing "a\\nb": invalid syntax'],
  ];
  for (const [text, problem] of cases) {
    it(JSON.stringify(text), () => assert.equal(uintProblem(text), problem));
  }
});
