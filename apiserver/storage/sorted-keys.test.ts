import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareKeys, prefixEnd } from './key-order.ts';
import { SortedKeys } from './sorted-keys.ts';

const key = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('/a', '/a/', '/a/b', '/b', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '😀a'),
);

describe('key order', () => {
  it('is that of the UTF-8 bytes', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareKeys(a, b)), expected);
      }),
      { seed: 1 },
    );
  });

  it('ends a prefix', () => {
    const cases: [number[], number[]][] = [
      [[], [0]],
      [[0x61], [0x62]],
      [[0x61, 0xff], [0x62]],
      [[0xff, 0xff], [0]],
    ];
    for (const [prefix, end] of cases) {
      assert.deepEqual([...prefixEnd(Buffer.from(prefix))], end);
    }
  });
});

describe('sorted keys', () => {
  it('keeps thousands of keys in order', () => {
    const keys = new SortedKeys();
    const expected = new Set<string>();
    let random = 1;
    for (let i = 0; i < 6000; i++) {
      random = (random * 48271) % 2147483647;
      const name = `/k/${random % 3000}`;
      if (i % 3 === 2) {
        keys.delete(name);
        expected.delete(name);
      } else {
        keys.add(name);
        expected.add(name);
      }
    }
    for (let i = 0; i < 2000; i++) {
      keys.add(`/l/${String(i).padStart(5, '0')}`);
      expected.add(`/l/${String(i).padStart(5, '0')}`);
    }
    const sorted = [...expected].sort();
    assert.deepEqual(from(keys, ''), sorted);
    assert.equal(keys.size, sorted.length);
    for (const start of ['/k/15', '/k/2999', '/l/00700', '/m']) {
      const some = sorted.filter((k) => k >= start);
      assert.deepEqual(from(keys, start), some);
    }
    for (const name of sorted) keys.delete(name);
    assert.deepEqual([keys.size, from(keys, '')], [0, []]);
  });
});

function from(keys: SortedKeys, start: string): string[] {
  const seen: string[] = [];
  keys.visitFrom(start, (k) => {
    seen.push(k);
    return true;
  });
  return seen;
}
