/** Warning headers. */
import assert from 'node:assert/strict';
import { warningHeaders } from './warning-headers.ts';

describe('warning headers', () => {
  it('are quoted, in UTF-8, without what a header cannot carry', () => {
    assert.deepEqual(warningHeaders(undefined), []);
    assert.deepEqual(warningHeaders(['a "b" \\', 'ä', 'two\nlines', '']), [
      '299 - "a \\"b\\" \\\\"',
      '299 - "\u00c3\u00a4"',
    ]);
  });

  it('are sent whole up to 4096 characters, and cut beyond', () => {
    const long = 'x'.repeat(4096);
    assert.deepEqual(warningHeaders([long]), [`299 - "${long}"`]);
    const cut = `299 - "${'x'.repeat(256)}"`;
    assert.deepEqual(warningHeaders([long, 'y']), [cut, '299 - "y"']);
    assert.equal(warningHeaders(Array.from({ length: 99 }, (_, i) => `${i}${long}`)).length, 16);
  });
});
