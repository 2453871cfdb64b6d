import assert from 'node:assert/strict';
import { strictMediaTypeOf } from './media-type.ts';

describe('Content-Type headers', () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['Application/JSON', 'application/json'],
    ['application/json; charset=utf-8', 'application/json'],
    ['application/json;charset="utf-8";a=b', 'application/json'],
    ['application/json;', 'application/json'],
    ['application/json;;', undefined],
    ['application/json; charset', undefined],
    ['application/json; a=1; A=2', undefined],
    ['application/json, application/yaml', undefined],
    ['json', undefined],
    ['a/b/c', undefined],
  ];
  for (const [header, type] of cases) {
    it(header ?? 'none', () => assert.equal(strictMediaTypeOf(header), type));
  }
});
