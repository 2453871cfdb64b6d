import assert from 'node:assert/strict';
import { compileGoRegexp } from './go-regexp.ts';

function matches(pattern: string, text: string): boolean {
  const compiled = compileGoRegexp(pattern);
  assert.ok(compiled instanceof RegExp, JSON.stringify(compiled));
  return compiled.test(text);
}

describe('compileGoRegexp', () => {
  const cases: [string, string[], string[]][] = [
    ['^[a-z]+$', ['abc'], ['ABC', '']],
    ['^(?i)ab|^cd$', ['AB', 'CD'], ['xAB']],
    ['^x(?i)ab|cd$', ['xAB', 'zCD'], ['Xab']],
    ['\\Aab\\z', ['ab'], ['ab\n', 'xab']],
    ['^(?P<n>\\d{2,3})$', ['12', '123'], ['1', '1234']],
    ['^[[:alpha:]_]+$', ['aB_'], ['a1']],
    ['^[]a]+$', [']a'], ['b']],
    ['^a.b$', ['axb', 'a\rb'], ['a\nb']],
    ['(?s)^a.b$', ['a\nb'], ['ab']],
    ['^\\pL+\\x{41}$', ['éA'], ['1A']],
    ['^\\Qa.b\\E$', ['a.b'], ['axb']],
    ['^x{1}y{z}$', ['xy{z}'], ['xyz']],
    ['^[\\w-]+$', ['a-b'], ['a b']],
    ['^\\s$', [' ', '\t'], ['\u00a0']],
  ];
  for (const [pattern, good, bad] of cases) {
    it(`runs ${pattern}`, () => {
      for (const text of good) assert.equal(matches(pattern, text), true, JSON.stringify(text));
      for (const text of bad) assert.equal(matches(pattern, text), false, JSON.stringify(text));
    });
  }

  const refused: [string, string][] = [
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['(?<!a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?<!`'],
    ['[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['(a', 'error parsing regexp: missing closing ): `(a`'],
    ['a)', 'error parsing regexp: unexpected ): `a)`'],
    ['*a', 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['\\8', 'error parsing regexp: invalid escape sequence: `\\8`'],
    ['[z-a]', 'error parsing regexp: invalid character class range: `z-a`'],
  ];
  for (const [pattern, problem] of refused) {
    it(`refuses ${pattern}`, () => {
      assert.deepEqual(compileGoRegexp(pattern), { problem });
    });
  }
});
