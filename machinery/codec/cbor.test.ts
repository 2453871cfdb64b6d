import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { decodeCbor, encodeCbor, encodeCborEvent, isCbor } from './cbor.ts';
import { DecodeError } from './decode-context.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('CBOR', () => {
  const pairs: [value: unknown, bytes: string][] = [
    [{ kind: 'Pod', a: [1, -1, true, null] }, 'a2 4161 84 01 20 f5 f6 446b696e64 43506f64'],
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1000000, '1a000f4240'],
    [-500, '3901f3'],
    [2n ** 63n - 1n, '1b7fffffffffffffff'],
    [-(2n ** 63n), '3b7fffffffffffffff'],
    [1.5, 'f93e00'],
    [-4.5, 'f9c480'],
    [2 ** -24, 'f90001'],
    [0.00006103515625, 'f90400'],
    [100000.5, 'fa47c35040'],
    [1.1, 'fb3ff199999999999a'],
    ['ü', '42c3bc'],
    [{}, 'a0'],
    [[], '80'],
  ];
  for (const [value, bytes] of pairs) {
    it(`${bytes}`, () => {
      assert.equal(encodeCbor(value).toString('hex'), `d9d9f7${bytes.replaceAll(' ', '')}`);
      assert.deepEqual(decodeCbor(hex(bytes)), value);
      assert.ok(isCbor(encodeCbor(value)));
    });
  }

  it('nests the object of a watch event as one of its own', () => {
    const event = encodeCborEvent('ADDED', { a: 1 });
    assert.equal(
      event.toString('hex'),
      'd9d9f7a2447479706545414444454446'.concat('6f626a656374', 'd9d9f7a1416101'),
    );
    assert.deepEqual(decodeCbor(event), { type: 'ADDED', object: { a: 1 } });
  });

  const readings: [bytes: string, value: unknown][] = [
    ['d9d9f7 63 616263', 'abc'],
    ['5f 41 61 42 6263 ff', 'abc'],
    ['7f 61 61 61 62 ff', 'ab'],
    ['9f 01 02 ff', [1, 2]],
    ['bf 41 61 01 ff', { a: 1 }],
    ['d6 43 010203', 'AQID'],
    ['d7 42 abcd', 'abcd'],
    ['c0 74 323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
    ['c1 1a514b67b0', '2013-03-21T20:04:00Z'],
    ['d82a 01', 1],
    ['f9 3c00', 1],
  ];
  for (const [bytes, value] of readings) {
    it(`reads ${bytes}`, () => assert.deepEqual(decodeCbor(hex(bytes)), value));
  }

  const refused: [bytes: string, message: RegExp][] = [
    ['', /unexpected EOF/],
    ['43 01', /unexpected EOF/],
    ['9b ffffffffffffffff', /unexpected EOF/],
    ['bb 7fffffffffffffff', /unexpected EOF/],
    ['5b ffffffffffffffff', /unexpected EOF/],
    ['9f 01', /unexpected EOF/],
    ['00 00', /1 bytes of extraneous data starting at index 1/],
    ['a2 4161 01 4161 02', /duplicate map key "a" at map element index 1/],
    ['a1 01 01', /map keys must be strings/],
    ['61 ff', /invalid UTF-8/],
    ['f7', /simple value 23/],
    ['f9 7e00', /NaN/],
    ['fb 7ff0000000000000', /infinity/],
    ['c2 41 01', /bignums/],
    ['1b ffffffffffffffff', /int64/],
    ['1c', /additional information 28/],
    ['5f 61 61 ff', /wrong element type/],
    ['ff', /simple value 31/],
  ];
  for (const [bytes, message] of refused) {
    it(`refuses ${bytes || 'nothing'}`, () => {
      assert.throws(
        () => decodeCbor(hex(bytes)),
        (e) => e instanceof DecodeError && message.test(e.message),
      );
    });
  }

  it('refuses deep nesting', () => {
    assert.throws(() => decodeCbor(Buffer.alloc(200_000, 0x81)), /exceeded max nested level/);
    assert.throws(() => decodeCbor(Buffer.alloc(200_000, 0xc6)), /exceeded max nested level/);
  });

  it('refuses what it cannot write', () => {
    assert.throws(() => encodeCbor(Number.NaN), /unsupported value: NaN/);
    assert.throws(() => encodeCbor(Symbol('x')), /unsupported type/);
  });

  it('any JSON comes back, any bytes are survived', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        assert.deepEqual(decodeCbor(encodeCbor(plain)), plain);
      }),
      { seed: 15, numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeCbor(bytes);
        } catch (e) {
          assert.ok(e instanceof DecodeError, String(e));
        }
      }),
      { seed: 16, numRuns: 1000 },
    );
  });
});
