/** Names of shared parameters. */
import assert from 'node:assert/strict';
import { contentHash } from './content-hash.ts';

describe('content hash', () => {
  const cases: [object, string][] = [
    [{}, 'CDJNB7Tr'],
    [{ uniqueItems: true, type: 'string', name: 'a', in: 'query' }, 'khpVaiIz'],
    [{ description: '<&>' }, '1iFK98W-'],
  ];
  for (const [value, hash] of cases) {
    it(JSON.stringify(value), () => assert.equal(contentHash(value), hash));
  }
});
