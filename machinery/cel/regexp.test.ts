import { equal, ok } from 'node:assert/strict';
import { compileRegexp } from './regexp.ts';
import { CelError } from './values.ts';

describe('patterns', () => {
  it('are matched in linear time, whatever they are', () => {
    const text = 'a'.repeat(20_000);
    for (const pattern of ['(a*)*b', '(a|a)*b', '(a+)+$x', '(.*)(.*)(.*)(.*)b']) {
      const compiled = compileRegexp(pattern);
      ok(!(compiled instanceof CelError));
      equal(compiled.test(text), false);
    }
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['(a', 'missing closing ): `(a`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['\\', 'trailing backslash at end of expression: ``'],
    ['a(?=b)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['\\1', 'invalid escape sequence: `\\1`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
  ];
  for (const [pattern, problem] of wrong) {
    it(`${pattern} is refused`, () => {
      const compiled = compileRegexp(pattern);
      ok(compiled instanceof CelError);
      equal(compiled.message, `error parsing regexp: ${problem}`);
    });
  }

  it('may have groups of one name', () => {
    const compiled = compileRegexp('(?P<x>a)[(?<y>](?P<x>b)');
    ok(!(compiled instanceof CelError));
    equal(compiled.test('a?b'), true);
  });
});
