import assert from 'node:assert/strict';
import { parseQuery } from './query.ts';

describe('query strings', () => {
  const cases: [text: string, expected: [string, string][]][] = [
    [
      'a=b&c=d%20e&f=g+h',
      [
        ['a', 'b'],
        ['c', 'd e'],
        ['f', 'g h'],
      ],
    ],
    ['a=%zz&b=c', [['b', 'c']]],
    ['a=b%2&b=c', [['b', 'c']]],
    ['a=b;c=d&e=f', [['e', 'f']]],
    ['a=%3B', [['a', ';']]],
    ['%', []],
  ];
  for (const [text, expected] of cases) {
    it(text, () => assert.deepEqual([...parseQuery(text)], expected));
  }
});
