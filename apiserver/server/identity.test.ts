import assert from 'node:assert/strict';
import { serverIdentity } from './identity.ts';

describe('serverIdentity', () => {
  it('is what an upstream server on the same host is called', () => {
    assert.equal(serverIdentity('vm'), 'apiserver-wlv32tlttr4jl3gtroqexyxapa');
  });
});
