import { strict as assert } from 'node:assert';
import { decodeYaml, encodeYaml } from './yaml.ts';

const decode = (text: string) => decodeYaml(Buffer.from(text));

describe('decodeYaml', () => {
  const scalars: [text: string, want: unknown][] = [
    ['yes', true],
    ['On', true],
    ['y', true],
    ['N', false],
    ['off', false],
    ['"yes"', 'yes'],
    ["'on'", 'on'],
    ['yEs', 'yEs'],
    ['0755', 493],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b11', 3],
    ['-0b11', -3],
    ['09', 9],
    ['+1', 1],
    ['1_000', 1000],
    ['12:30:45', '12:30:45'],
    ['2001-01-01', '2001-01-01'],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1.27', 1.27],
    ['1.2.3', '1.2.3'],
    ['.', '.'],
    ['-', '-'],
    ['~', null],
    ['', null],
    ['Null', null],
    ['9007199254740993', 9007199254740993n],
    ['12345678901234567890', 12345678901234567000],
    ['!!str 1', '1'],
    ['!!float 1', 1],
    ['!foo 1', '1'],
    ['!!binary aGVsbG8=', 'hello'],
  ];
  for (const [text, want] of scalars) {
    it(`${text} is ${typeof want} ${String(want)}`, () => {
      if (text === '-') assert.deepEqual(decode('a: "-"').value, { a: '-' });
      else assert.deepEqual(decode(`a: ${text}`).value, { a: want });
    });
  }

  const documents: [title: string, text: string, want: unknown][] = [
    ['the first document only', '---\na: 1\n---\nb: [', { a: 1 }],
    ['nothing', '', null],
    ['JSON', '{"a": [1, "x"], "b": {}}', { a: [1, 'x'], b: {} }],
    ['keys as text', '1: a\nyes: b\n1.5: c', { '1': 'a', true: 'b', '1.5': 'c' }],
    ['aliases', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    [
      'merge keys in order',
      'a: &x {b: 1, c: 1}\nd: {b: 0, <<: *x, c: 2}',
      {
        a: { b: 1, c: 1 },
        d: { b: 1, c: 2 },
      },
    ],
    ['a directive', '%YAML 1.1\n---\na: on', { a: true }],
    ['a key named __proto__', '__proto__: 1', JSON.parse('{"__proto__":1}')],
  ];
  for (const [title, text, want] of documents) {
    it(title, () => assert.deepEqual(decode(text).value, want));
  }

  it('reports repeated keys with their lines, the last wins', () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  k: a\n  k: b\n';
    const { value, duplicates } = decode(text);
    assert.deepEqual((value as { data: unknown }).data, { k: 'b' });
    assert.deepEqual(duplicates, ['yaml: unmarshal errors:\n  line 6: key "k" already set in map']);
    assert.equal(decode('{"a":1,"a":2}').duplicates.length, 1);
  });

  let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
  for (let i = 1; i < 10; i++) {
    bomb += `a${i}: &a${i} [${Array(9)
      .fill(`*a${i - 1}`)
      .join(',')}]\n`;
  }
  const errors: [title: string, text: string, message: RegExp][] = [
    ['broken flow', 'a: [', /^yaml: line 1: /],
    ['nested values on a line', 'a: b: c', /mapping values are not allowed in this context$/],
    ['tabs', '\ta: 1', /found character that cannot start any token$/],
    ['unknown anchors', 'a: *x', /^yaml: unknown anchor 'x' referenced$/],
    ['anchors in themselves', 'a: &a [*a]', /^yaml: anchor 'a' value contains itself$/],
    ['alias bombs', bomb, /^yaml: document contains excessive aliasing$/],
    ['infinity', 'a: .inf', /^json: unsupported value: \+Inf$/],
    ['lists as keys', '? [a]\n: b', /map key/],
    ['merging a scalar', 'a: {<<: 1}', /^yaml: map merge requires/],
    ['wrong tags', 'a: !!int x', /^yaml: cannot decode !!str `x` as a !!int$/],
    ['deep flow', '['.repeat(20000), /exceeded max depth/],
    ['deep flow below the limit', '['.repeat(9999), /^yaml: /],
    ['deep lists', '- '.repeat(20000), /exceeded max depth/],
  ];
  for (const [title, text, message] of errors) {
    it(`refuses ${title}`, () => assert.throws(() => decode(text), { message }));
  }
});

describe('encodeYaml', () => {
  const cases: [title: string, value: unknown, want: string][] = [
    [
      'keys sorted, lists not indented',
      { b: 1, a: [{ y: 1, x: [] }, [1, 2]] },
      'a:\n- x: []\n  "y": 1\n- - 1\n  - 2\nb: 1\n',
    ],
    [
      'numbers in keys',
      { a10: {}, a9: {}, '.': {}, 'f:x': {} },
      '.: {}\na9: {}\na10: {}\nf:x: {}\n',
    ],
    [
      'text that looks like something else',
      ['yes', '1', '', '0x1', '1:20', '2024-01-01', 'null'],
      '- "yes"\n- "1"\n- ""\n- "0x1"\n- "1:20"\n- "2024-01-01"\n- "null"\n',
    ],
    [
      'text that needs quotes',
      ['a: b', ' a', '- x', "'", '#', 'a #b', "it's", '-x', 'a:b'],
      `- 'a: b'\n- ' a'\n- '- x'\n- ''''\n- '#'\n- 'a #b'\n- it's\n- -x\n- a:b\n`,
    ],
    ['control characters', 'a\tb\u0001\ufeff"', '"a\\tb\\x01\\uFEFF\\""\n'],
    [
      'lines',
      { a: 'x\ny\n', b: 'x\ny', c: ' x\n', d: 'x\n\n', e: 'x \ny' },
      'a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |2\n   x\nd: |+\n  x\n\ne: "x \\ny"\n',
    ],
    [
      'scalars',
      [null, true, 1.5, 1234567.5, 1e-5, -3],
      '- null\n- true\n- 1.5\n- 1.2345675e+06\n- 1e-05\n- -3\n',
    ],
    ['a bare scalar', 'x', 'x\n'],
    ['empty', {}, '{}\n'],
  ];
  for (const [title, value, want] of cases) {
    it(title, () => assert.equal(encodeYaml(value), want));
  }

  it('folds long lines so that they read back', () => {
    const value = {
      a: 'word '.repeat(40) + 'end',
      b: `${'word '.repeat(40)}: '`,
      k: 'a\t' + ' b'.repeat(90),
    };
    const text = encodeYaml(value);
    assert.ok(text.split('\n').every((line) => line.length < 100));
    assert.deepEqual(decode(text).value, value);
  });

  it('long keys read back', () => {
    const value = { ['k'.repeat(200)]: { a: 1 }, ['x\ny']: ['z'] };
    assert.deepEqual(decode(encodeYaml(value)).value, value);
  });
});
