import assert from 'node:assert/strict';
import { namesOne, parseAccept, takes } from './accept-header.ts';

const order = (text: string) => parseAccept(text).map((c) => `${c.type}/${c.subtype}`);

describe('Accept headers', () => {
  const cases: [string, string[]][] = [
    ['a/b, c/d', ['a/b', 'c/d']],
    ['a/b;q=0.5, c/d', ['c/d', 'a/b']],
    ['a/b;q=0, c/d;q=0.1', ['c/d', 'a/b']],
    ['*', ['*/*']],
    // What is named stands before a wildcard, whatever its weight.
    ['*/*;q=1.0, a/b;q=0.5', ['a/b', '*/*']],
    ['a/*, a/b', ['a/b', 'a/*']],
    ['a, a/b/c, , x/y', ['x/y']],
    ['a/b;q=high, c/d;q=0.1', ['c/d', 'a/b']],
  ];
  for (const [text, expected] of cases) {
    it(text, () => assert.deepEqual(order(text), expected));
  }

  it('parameters: the well-formed ones, as they are', () => {
    const [clause] = parseAccept('a/b; as=Table;v;g=;x=1=2; w="y" ;q=0.5');
    assert.deepEqual(Object.fromEntries(clause!.params), { as: 'Table', w: '"y"' });
    assert.equal(clause!.q, 0.5);
  });

  it('wildcards take what they name', () => {
    const taken = (range: string) => takes(parseAccept(range)[0]!, 'application/json');
    assert.deepEqual(['*/*', 'application/*', 'application/json', 'text/*'].map(taken), [
      true,
      true,
      true,
      false,
    ]);
  });

  it('the first check knows no half wildcards and no weights', () => {
    const types = ['application/json'];
    assert.equal(namesOne('text/html, application/json;q=0', types), true);
    assert.equal(namesOne('*/*', types), true);
    assert.equal(namesOne('application/*', types), false);
    assert.equal(namesOne('text/html', types), false);
  });

  it('a long header costs little', () => {
    assert.equal(parseAccept('a/b,'.repeat(100_000)).length, 100);
  });
});
