import assert from 'node:assert/strict';
import { errorText, FieldPath } from '../../machinery/meta/field-error.ts';
import { validateDomainPrefixedPath } from './domain-prefixed-path.ts';

describe('validateDomainPrefixedPath', () => {
  const cases: [string, boolean][] = [
    ['example.com/a', true],
    ['example.com/a/b_c', true],
    ['example.com', false],
    ['/a', false],
    ['example.com/', false],
    ['Ex ample/a', false],
    ['', false],
  ];
  for (const [value, good] of cases) {
    it(`${good ? 'takes' : 'refuses'} ${JSON.stringify(value)}`, () => {
      const errors = validateDomainPrefixedPath(value, FieldPath.of('f')).map(errorText);
      assert.equal(errors.length === 0, good, errors.join());
    });
  }
});
