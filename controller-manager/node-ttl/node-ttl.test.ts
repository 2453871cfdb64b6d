import assert from 'node:assert/strict';
import { nodes } from '../../client/resources.ts';
import { TestBed } from '../test-bed.ts';
import { nextStep, nodeTtlController } from './node-ttl.ts';

describe('node ttl', () => {
  for (const [step, count, want] of [
    [0, 100, 0],
    [0, 101, 1],
    [1, 90, 1],
    [1, 89, 0],
    [0, 5000, 4],
    [4, 1, 0],
  ] as const) {
    it(`step ${step} with ${count} nodes`, () => assert.equal(nextStep(step, count), want));
  }

  it('annotates nodes', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, { metadata: { name: 'n' } });
    await bed.start([nodeTtlController]);
    const annotations = bed.client.objects(nodes)[0]?.metadata?.annotations;
    assert.deepEqual(annotations, { 'node.alpha.kubernetes.io/ttl': '0' });
  });
});
