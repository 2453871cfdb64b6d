import assert from 'node:assert/strict';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { type CacheSpec, StoredObject } from './stored-object.ts';

const spec: CacheSpec = {
  name: 'configmaps',
  prefix: '/registry/configmaps',
  namespaced: true,
  kind: 'ConfigMap',
  apiVersion: 'v1',
  selectableFields: {},
  indexedFields: [],
  decode: (value) => JSON.parse(value.toString('utf8')) as KubeObject,
};
const key = '/registry/configmaps/ns/a';
const ours =
  '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"u-1",' +
  '"labels":{"l":"ä"}},"data":{"k":"v"}}';
const shown = ours.replace('"uid":"u-1"', '"uid":"u-1","resourceVersion":"7"');
const foreign = '{"metadata":{"labels":{"l":"ä"},"uid":"u-1","name":"a","namespace":"ns"},"x":1}';

/** A value in the middle of a larger buffer, as it comes from a store. */
function inside(text: string): [Buffer, Buffer] {
  const whole = Buffer.from(`[before]${text}[behind]`);
  return [whole, whole.subarray(8, whole.length - 8)];
}

describe('stored objects', () => {
  it('show their resourceVersion behind the uid', () => {
    const o = new StoredObject(spec, key, 7, Buffer.from(ours));
    assert.equal(o.bytes.toString(), shown);
    assert.equal(o.line.toString(), `${shown}\n`);
    assert.deepEqual(o.labels, { l: 'ä' });
    assert.equal(JSON.parse(o.metadataBytes.toString()).resourceVersion, '7');
  });

  it('keep integers of 64 bits', () => {
    const text = ours.replace('"k":"v"', '"k":9007199254740993');
    const { data } = new StoredObject(spec, key, 7, Buffer.from(text)).object<
      KubeObject & { data: object }
    >();
    assert.deepEqual(data, { k: 9007199254740993n });
  });

  it('are shown without one when they are not stored', () => {
    const o = new StoredObject(spec, key, 0, Buffer.from(ours));
    assert.equal(o.line.toString(), `${ours}\n`);
  });

  for (const [name, text] of [
    ['of ours', ours],
    ['of another server', foreign],
  ] as const) {
    it(`let go of the buffer they came in: a value ${name}`, () => {
      const [whole, value] = inside(text);
      const kept = new StoredObject(spec, key, 7, value).settle();
      const expected = new StoredObject(spec, key, 7, Buffer.from(text));
      whole.fill(0);
      assert.equal(kept.line.toString(), expected.line.toString());
      assert.equal(kept.outOfDate, expected.outOfDate);
      assert.equal(kept.size, expected.size);
      // A second call has nothing to do.
      assert.equal(kept.settle().line, kept.line);
    });

    it(`are the same under another revision: a value ${name}`, () => {
      const o = new StoredObject(spec, key, 7, Buffer.from(text)).settle();
      const later = new StoredObject(spec, key, 1234, Buffer.from(text));
      assert.equal(o.at(1234).line.toString(), later.line.toString());
      assert.equal(o.at(1234).at(7).line.toString(), o.line.toString());
    });
  }
});
