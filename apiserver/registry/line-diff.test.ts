import assert from 'node:assert/strict';
import { lineDiff } from './line-diff.ts';

const lines = (n: number, change: (i: number) => string = String): string =>
  Array.from({ length: n }, (_, i) => change(i)).join('\n');

describe('line diff', () => {
  it('is empty of equal texts', () => {
    assert.equal(lineDiff('a\nb', 'a\nb'), '');
  });

  it('shows three lines around a change', () => {
    const after = lines(10, (i) => (i === 5 ? 'five' : String(i)));
    assert.equal(
      lineDiff(lines(10), after),
      '@@ -3,7 +3,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
    );
  });

  it('joins changes that are near, and parts those that are not', () => {
    const near = lines(20, (i) => (i === 5 || i === 9 ? 'x' : String(i)));
    assert.equal(lineDiff(lines(20), near).match(/@@ /g)?.length, 1);
    const far = lines(20, (i) => (i === 2 || i === 17 ? 'x' : String(i)));
    assert.equal(lineDiff(lines(20), far).match(/@@ -/g)?.length, 2);
  });

  it('counts lines that came and went', () => {
    assert.equal(lineDiff('a\nb\nc', 'a\nc'), '@@ -1,3 +1,2 @@\n a\n-b\n c\n');
    assert.equal(lineDiff('a\nc', 'a\nb\nc'), '@@ -1,2 +1,3 @@\n a\n+b\n c\n');
    assert.equal(lineDiff('a', 'b'), '@@ -1 +1 @@\n-a\n+b\n');
  });
});
