/** Empty lists leave a trace that only those see who ask for it. */
import assert from 'node:assert/strict';
import { convert } from '../codec/decode.ts';
import { structType } from '../schema/schema.ts';
import { deepCopy } from './copy.ts';
import { emptiedOf, wasSent } from './emptied.ts';

const podSpec = structType('core/v1.PodSpec');

describe('emptied members', () => {
  const sent = { ephemeralContainers: [], nodeSelector: {}, tolerations: null, containers: [] };
  const decoded = () => convert(deepCopy(sent), podSpec, true, false).object;

  it('are noted where they were left out', () => {
    assert.deepEqual(emptiedOf(decoded()), ['ephemeralContainers', 'nodeSelector']);
    assert.equal(emptiedOf(convert({ containers: [] }, podSpec, true, false).object), undefined);
  });

  it('stay noted in copies and in what is normalized again', () => {
    const copy = deepCopy(decoded());
    const { object } = convert({ ...copy, bogus: 1 }, podSpec, false, false, false);
    assert.deepEqual(emptiedOf(copy), ['ephemeralContainers', 'nodeSelector']);
    assert.deepEqual(emptiedOf(object), ['containers']);
    assert.deepEqual(emptiedOf(convert(copy, podSpec, false, false, false).object), [
      'ephemeralContainers',
      'nodeSelector',
      'containers',
    ]);
  });

  it('are noted where an empty list becomes null, and only there', () => {
    const { object } = convert({ containers: [] }, podSpec, false, false, false);
    assert.deepEqual(object, { containers: null });
    assert.equal(wasSent(object, 'containers'), true);
    assert.equal(wasSent(convert({}, podSpec, true, false).object, 'containers'), false);
  });

  it('are not part of the object', () => {
    assert.deepEqual(decoded(), { containers: [] });
    assert.equal(JSON.stringify(decoded()), '{"containers":[]}');
  });
});
