import assert from 'node:assert/strict';
import type { Toleration } from '../schema/wire.ts';
import { isTolerated, tolerates, untoleratedTaint } from './tolerations.ts';

describe('tolerations', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  for (const [toleration, want] of [
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'k', operator: 'Gt', value: '1' }, false],
  ] as [Toleration, boolean][]) {
    it(JSON.stringify(toleration), () => assert.equal(tolerates(toleration, taint), want));
  }

  it('finds the first taint that keeps a pod off', () => {
    const taints = [
      { key: 'soft', effect: 'PreferNoSchedule' },
      { key: 'borne', effect: 'NoSchedule' },
      { key: 'hard', effect: 'NoExecute' },
    ];
    const bears = [{ key: 'borne', operator: 'Exists' }];
    assert.equal(untoleratedTaint(taints, bears)?.key, 'hard');
    assert.equal(untoleratedTaint(taints, [{ operator: 'Exists' }]), undefined);
    assert.equal(isTolerated(bears, taints[2]!), false);
  });
});
