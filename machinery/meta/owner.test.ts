import assert from 'node:assert/strict';
import { controllerOf, isControlledBy, newControllerRef } from './owner.ts';
import { randomSuffix, safeEncode, simpleNameGenerator } from './random.ts';

describe('owner references', () => {
  it('names the controller', () => {
    const owner = { metadata: { name: 'o', uid: 'u' } };
    const ref = newControllerRef(owner, 'apps/v1', 'ReplicaSet');
    const child = { metadata: { ownerReferences: [{ ...ref, controller: false, uid: 'x' }, ref] } };
    assert.equal(controllerOf(child)?.uid, 'u');
    assert.equal(isControlledBy(child, owner), true);
    assert.equal(isControlledBy(child, { metadata: {} }), false);
  });
});

describe('generated names', () => {
  it('have the alphabet and the length of the real server', () => {
    assert.match(simpleNameGenerator('abc-'), /^abc-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.equal(simpleNameGenerator('x'.repeat(80)).length, 63);
    assert.equal(
      randomSuffix(3, () => 0),
      'bbb',
    );
    assert.match(safeEncode('5798c4ff5b'), /^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
  });
});
