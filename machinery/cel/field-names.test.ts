import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeFieldName, unescapeFieldName } from './field-names.ts';

describe('names of fields in expressions', () => {
  const names: [string, string | undefined][] = [
    ['a.a', 'a__dot__a'],
    ['a.-/__a', 'a__dot____dash____slash____underscores__a'],
    ['a___a', 'a__underscores___a'],
    ['a____a', 'a__underscores____underscores__a'],
    ['a__dot__a', 'a__underscores__dot__underscores__a'],
    ['namespace', '__namespace__'],
    ['has', 'has'],
    ['_if', '_if'],
    ['@', undefined],
    ['1up', undefined],
    ['', undefined],
  ];
  for (const [name, escaped] of names) {
    it(`${name}: ${escaped}`, () => {
      assert.equal(escapeFieldName(name), escaped);
      if (escaped !== undefined) assert.equal(unescapeFieldName(escaped), name);
    });
  }

  it('are read back', () => {
    const name = fc.string({ unit: fc.constantFrom('_', '.', '-', '/', 'a', 'if', '1') });
    fc.assert(
      fc.property(name, (text) => {
        const escaped = escapeFieldName(text);
        if (escaped === undefined) return;
        assert.match(escaped, /^[A-Za-z_][A-Za-z0-9_]*$/);
        assert.equal(unescapeFieldName(escaped), text);
      }),
      { seed: 17 },
    );
  });

  it('are not what is escaped by halves', () => {
    assert.equal(unescapeFieldName('__int__extra'), undefined);
    assert.equal(unescapeFieldName('__illegal__'), undefined);
  });
});
