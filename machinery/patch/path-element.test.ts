import assert from 'node:assert/strict';
import { compareElements, keyElement } from './path-element.ts';

const key = (...keys: [string, unknown][]) => keyElement(keys);

describe('path elements', () => {
  /** In the order of the real server. */
  const ordered: readonly string[] = [
    '.',
    'f:a',
    'f:b',
    key(['a', 1]),
    key(['a', 2]),
    key(['a', 10]),
    key(['a', 'A']),
    key(['a', 'a']),
    key(['a', 'a"b']),
    key(['a', 'a<b']),
    key(['a', 'aa']),
    key(['a', 'b']),
    key(['a', 'b'], ['c', 'd']),
    key(['a', true]),
    key(['ab', '']),
    key(['b', 'a']),
    'v:1',
    'v:"a"',
    'i:2',
    'i:10',
  ];

  it('are ordered by kind, then by what they hold', () => {
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        assert.equal(Math.sign(compareElements(a, b)), Math.sign(i - j), `${a} ${b}`);
      }
    }
  });
});
