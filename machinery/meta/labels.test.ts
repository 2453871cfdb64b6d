import assert from 'node:assert/strict';
import { LabelSelectorError } from './label-requirement.ts';
import { parseLabelSelector, selectorOf, selectorOfLabels } from './labels.ts';

describe('label selectors', () => {
  const texts: [string, string][] = [
    ['', ''],
    ['a=b', 'a=b'],
    ['a==b', 'a==b'],
    ['a!=b', 'a!=b'],
    ['b,a', 'a,b'],
    ['!a', '!a'],
    ['a in (c,b)', 'a in (b,c)'],
    ['a notin (x)', 'a notin (x)'],
    ['x in (foo,,baz),y,z notin ()', 'x in (,baz,foo),y,z notin ()'],
    ['a in (,)', 'a in ()'],
    ['a in (in,notin)', 'a in (in,notin)'],
    ['in in (in)', 'in in (in)'],
    ['a>1,b<2', 'a>1,b<2'],
    ['a=', 'a='],
    ['  a  =  b  ', 'a=b'],
    ['a\tin\n(b)', 'a in (b)'],
  ];
  for (const [text, want] of texts) {
    it(`reads ${JSON.stringify(text)}`, () => assert.equal(String(parseLabelSelector(text)), want));
  }

  const errors: [string, string][] = [
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a=,', "found '', expected: identifier after ','"],
    [
      'a>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, " +
        'the value must be an integer',
    ],
    ['a in (x y)', "unable to parse requirement: found 'y', expected: ',' or ')'"],
    ['!!a', "unable to parse requirement: found '!', expected: identifier"],
    [
      `a=${'x'.repeat(64)}`,
      `unable to parse requirement: values[0][a]: Invalid value: "${'x'.repeat(64)}": must be no ` +
        'more than 63 bytes',
    ],
  ];
  for (const [text, want] of errors) {
    it(`refuses ${text.slice(0, 20)}`, () => {
      assert.throws(
        () => parseLabelSelector(text),
        (e) => e instanceof LabelSelectorError && e.message === want,
      );
    });
  }

  it('names no path for a bad key, as the real server does', () => {
    assert.throws(
      () => parseLabelSelector('UPPER.io/x/y=1'),
      /^LabelSelectorError: unable to parse requirement: <nil>: Invalid value: "UPPER.io\/x\/y": a /,
    );
  });

  const matches: [string, Record<string, string> | undefined, boolean][] = [
    ['', undefined, true],
    ['a=b', { a: 'b' }, true],
    ['a=b', { a: 'c' }, false],
    ['a=b', undefined, false],
    ['a!=b', undefined, true],
    ['a!=b', { a: 'b' }, false],
    ['a notin (b,c)', { a: 'd' }, true],
    ['a notin (b,c)', { b: 'd' }, true],
    ['a in (b,c)', { a: 'c' }, true],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['a>5', { a: '10' }, true],
    ['a>5', { a: '5' }, false],
    ['a<5', { a: 'x' }, false],
    ['a<5', { a: '9223372036854775808' }, false],
    ['a,!b,c=d', { a: '1', c: 'd' }, true],
    ['toString', {}, false],
  ];
  for (const [text, labels, want] of matches) {
    it(`${text || 'everything'} ${want ? 'matches' : 'leaves'} ${JSON.stringify(labels)}`, () => {
      assert.equal(parseLabelSelector(text).matches(labels), want);
    });
  }

  it('reads selectors of objects', () => {
    assert.equal(selectorOf(undefined).matches({}), false);
    assert.equal(selectorOf({}).empty, true);
    const s = selectorOf({
      matchLabels: { b: '1' },
      matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }],
    });
    assert.equal(String(s), 'a notin (x),b=1');
    assert.equal(s.exactValue('b'), '1');
    assert.throws(
      () => selectorOf({ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }),
      /^LabelSelectorError: "Gt" is not a valid label selector operator$/,
    );
    assert.equal(String(selectorOfLabels({ b: '2', a: '1' })), 'a=1,b=2');
  });

  it('refuse operators that no table has, whatever every object has', () => {
    for (const operator of ['Bogus', 'hasOwnProperty', 'constructor', '__proto__']) {
      assert.throws(
        () => selectorOf({ matchExpressions: [{ key: 'a', operator, values: [] }] }),
        new LabelSelectorError(`"${operator}" is not a valid label selector operator`),
      );
    }
  });
});
