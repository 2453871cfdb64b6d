import assert from 'node:assert/strict';
import { escapeFieldValue, FieldSelectorError, parseFieldSelector } from './fields.ts';

describe('field selectors', () => {
  it('reads terms, sorted', () => {
    const s = parseFieldSelector('status.phase!=Running,metadata.name==a,');
    assert.equal(String(s), 'metadata.name=a,status.phase!=Running');
    assert.equal(s.exactValue('metadata.name'), 'a');
    assert.equal(s.matches({ 'metadata.name': 'a', 'status.phase': 'Pending' }), true);
    assert.equal(s.matches({ 'metadata.name': 'a', 'status.phase': 'Running' }), false);
    assert.equal(String(s.without('metadata.name')), 'status.phase!=Running');
    assert.equal(parseFieldSelector('').empty, true);
    assert.equal(parseFieldSelector('=').empty, true);
  });

  it('takes a missing field for empty', () => {
    assert.equal(parseFieldSelector('spec.nodeName=').matches({}), true);
    assert.equal(parseFieldSelector('spec.nodeName!=').matches({}), false);
  });

  it('unescapes values and escapes them again', () => {
    const s = parseFieldSelector('a=x\\,y\\=z\\\\');
    assert.equal(s.requirements[0]?.value, 'x,y=z\\');
    assert.equal(String(s), 'a=x\\,y\\=z\\\\');
    assert.equal(escapeFieldValue('a=b'), 'a\\=b');
  });

  const errors: [string, string][] = [
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    [
      'metadata.name in (a)',
      "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'",
    ],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
    ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
  ];
  for (const [text, want] of errors) {
    it(`refuses ${text}`, () => {
      assert.throws(
        () => parseFieldSelector(text),
        (e) => e instanceof FieldSelectorError && e.message === want,
      );
    });
  }
});
