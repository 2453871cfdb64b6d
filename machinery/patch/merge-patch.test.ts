import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyMergePatch } from './merge-patch.ts';

describe('merge patch', () => {
  // RFC 7396, appendix A; documents of the API are objects.
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{ a: 'foo' }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{}, { a: [{ b: null, c: 1 }, null] }, { a: [{ c: 1 }, null] }],
    [{ a: { x: 1 } }, { a: [{ b: null }] }, { a: [{ b: null }] }],
    [{ a: [1] }, { a: [{ b: null }] }, { a: [{}] }],
  ];
  for (const [document, patch, want] of cases) {
    it(`${JSON.stringify(document)} with ${JSON.stringify(patch)}`, () => {
      const before = JSON.stringify(document);
      assert.deepEqual(applyMergePatch(document, patch, true), want);
      assert.equal(JSON.stringify(document), before);
    });
  }

  const refused: [unknown, boolean, string][] = [
    [
      [1],
      true,
      'error decoding patch: json: cannot unmarshal array into Go value of type ' +
        'map[string]interface {}',
    ],
    [
      'x',
      true,
      'error decoding patch: json: cannot unmarshal string into Go value of type ' +
        'map[string]interface {}',
    ],
    [null, true, 'Invalid JSON Patch'],
    [1, false, 'Invalid JSON Patch'],
  ];
  for (const [patch, validated, message] of refused) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(() => applyMergePatch({}, patch, validated), { code: 400, message });
    });
  }

  it('is idempotent, and nothing when empty', () => {
    const value = fc.object({
      maxDepth: 3,
      values: [fc.integer(), fc.string(), fc.constant(null)],
    });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const once = applyMergePatch(a, b, true);
        assert.deepEqual(applyMergePatch(once, b, true), once);
        assert.deepEqual(applyMergePatch(a, {}, true), a);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
