import assert from 'node:assert/strict';
import { typeRef } from '../schema/schema.ts';
import { deepCopy } from './copy.ts';
import { deepEqual, jsonEqual, semanticEqual } from './equality.ts';

describe('equality', () => {
  it('takes absent, null and empty for the same', () => {
    assert.equal(deepEqual({ a: [], b: {} }, {}), true);
    assert.equal(deepEqual({ a: null }, {}), true);
    assert.equal(deepEqual({ a: { b: [] } }, { a: {} }), true);
    assert.equal(deepEqual({ a: '' }, {}), false);
    assert.equal(deepEqual([1, 2], [2, 1]), false);
    assert.equal(deepEqual({ a: 1 }, { a: 1, b: 2 }), false);
    assert.equal(deepEqual({}, []), true);
  });

  it('tells them apart where asked', () => {
    assert.equal(jsonEqual({ a: {} }, {}), false);
    assert.equal(jsonEqual({ a: 1, b: undefined }, { a: 1 }), true);
    assert.equal(jsonEqual({ a: [{ b: 1 }] }, { a: [{ b: 1 }] }), true);
    assert.equal(jsonEqual([], {}), false);
  });

  it('finds members that have the names of what every object has', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__']) {
      const one = JSON.parse(`{"a":"1","${name}":"1"}`) as object;
      for (const equal of [jsonEqual, deepEqual]) {
        assert.equal(equal({ a: '1' }, one), false, name);
        assert.equal(equal(one, { a: '1' }), false, name);
        assert.equal(equal(one, deepCopy(one)), true, name);
      }
    }
  });

  it('knows types', () => {
    const pod = typeRef('core/v1.PodSpec');
    const eq = (a: unknown, b: unknown): boolean => semanticEqual(pod, a, b);
    assert.equal(eq({ hostNetwork: false }, {}), true);
    assert.equal(eq({ securityContext: {} }, {}), false);
    assert.equal(eq({ nodeSelector: {} }, {}), true);
    const limits = (cpu: string): unknown => ({
      containers: [{ name: 'a', resources: { limits: { cpu } } }],
    });
    assert.equal(eq(limits('1'), limits('1000m')), true);
    assert.equal(eq(limits('1'), limits('2')), false);
    const meta = typeRef('meta/v1.ObjectMeta');
    const created = (creationTimestamp: string): unknown => ({ creationTimestamp });
    const [a, b] = [created('2024-01-01T01:00:00+01:00'), created('2024-01-01T00:00:00Z')];
    assert.equal(semanticEqual(meta, a, b), true);
  });
});

describe('deepCopy', () => {
  it('shares nothing', () => {
    const a = { b: [{ c: 1 }], d: null, e: 'x' };
    const copy = deepCopy(a);
    assert.deepEqual(copy, a);
    copy.b[0]!.c = 2;
    assert.equal(a.b[0]!.c, 1);
  });

  it('keeps a member called __proto__ a member', () => {
    const copy = deepCopy(JSON.parse('{"__proto__":{"a":1}}')) as object;
    assert.deepEqual(Object.keys(copy), ['__proto__']);
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  });
});
