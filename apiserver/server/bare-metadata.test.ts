/** Metadata without annotations that are fields. */
import assert from 'node:assert/strict';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { bareMetadata, bareMetadataBytes } from './bare-metadata.ts';

const kind = { fieldAnnotations: ['a/field'] };

function object(annotations?: Record<string, string>): KubeObject {
  return { metadata: { name: 'x', ...(annotations === undefined ? {} : { annotations }) } };
}

describe('bare metadata', () => {
  const cases: [string, KubeObject, KubeObject][] = [
    ['without annotations', object(), object()],
    ['of others only', object({ b: '1' }), object({ b: '1' })],
    ['of both', object({ b: '1', 'a/field': '2' }), object({ b: '1' })],
    ['of fields only', object({ 'a/field': '2' }), object()],
  ];
  for (const [name, given, shown] of cases) {
    it(name, () => {
      assert.deepEqual(bareMetadata(kind, given), shown.metadata);
      assert.deepEqual(JSON.parse(bareMetadataBytes(kind, given).toString()), shown.metadata);
    });
  }

  it('is the same of kinds that have none', () => {
    const given = object({ 'a/field': '2' });
    assert.equal(bareMetadata({}, given), given.metadata);
  });
});
