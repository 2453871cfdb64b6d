import assert from 'node:assert/strict';
import { isExtendedResource, isOvercommitAllowed, isWholePages } from './resource-names.ts';

describe('resource names', () => {
  const cases: [name: string, extended: boolean, overcommit: boolean][] = [
    ['cpu', false, true],
    ['memory', false, true],
    ['ephemeral-storage', false, true],
    ['hugepages-2Mi', false, false],
    ['kubernetes.io/batch-cpu', false, true],
    ['example.com/gpu', true, false],
    ['requests.example.com/gpu', false, false],
    ['gpu', false, true],
  ];
  for (const [name, extended, overcommit] of cases) {
    it(name, () => {
      assert.equal(isExtendedResource(name), extended, 'extended');
      assert.equal(isOvercommitAllowed(name), overcommit, 'overcommit');
    });
  }

  it('huge pages come whole', () => {
    assert.equal(isWholePages('hugepages-2Mi', '4Mi'), true);
    assert.equal(isWholePages('hugepages-2Mi', '3Mi'), false);
  });
});
