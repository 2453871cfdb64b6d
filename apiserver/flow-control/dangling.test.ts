/** The condition of flow schemas, and when rejected clients may come again. */
import assert from 'node:assert/strict';
import type { FlowSchema } from '../../machinery/schema/wire.ts';
import { applyDangling, withDangling } from './dangling.ts';
import { RetryAfter } from './retry-after.ts';

const schema = { spec: { priorityLevelConfiguration: { name: 'p' } } } as FlowSchema;

describe('the condition Dangling', () => {
  it('says whether the priority level exists', () => {
    const missing = withDangling(schema, false, '2026-01-01T00:00:00Z')!;
    assert.deepEqual(missing.status?.conditions, [
      {
        type: 'Dangling',
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        reason: 'NotFound',
        message:
          'This FlowSchema references the PriorityLevelConfiguration object named "p" but there is no such object',
      },
    ]);
    assert.equal(withDangling(missing, false, '2026-02-02T00:00:00Z'), undefined);
    const found = withDangling(missing, true, '2026-02-02T00:00:00Z')!;
    assert.equal(found.status?.conditions?.[0]?.status, 'False');
    assert.equal(found.status?.conditions?.[0]?.reason, 'Found');
  });

  it('belongs to who applies it', () => {
    const named = { ...schema, metadata: { name: 'f' } } as FlowSchema;
    const applied = applyDangling(named, true, '2026-01-01T00:00:00Z')!;
    const owner = applied.metadata?.managedFields?.find((m) => m.subresource === 'status');
    assert.equal(owner?.manager, 'api-priority-and-fairness-config-consumer-v1');
    assert.equal(owner.operation, 'Apply');
    assert.deepEqual(owner.fieldsV1, {
      'f:status': {
        'f:conditions': {
          'k:{"type":"Dangling"}': {
            '.': {},
            'f:lastTransitionTime': {},
            'f:message': {},
            'f:reason': {},
            'f:status': {},
            'f:type': {},
          },
        },
      },
    });
    assert.equal(applyDangling(applied, true, '2026-02-02T00:00:00Z'), undefined);
  });
});

describe('RetryAfter', () => {
  it('doubles while many are rejected and goes back slowly', () => {
    const retry = new RetryAfter();
    let second = 1000;
    const during = (count: number) => {
      let told = 0;
      for (let i = 0; i < count; i++) told = retry.reject(second);
      second++;
      return told;
    };
    assert.equal(during(10), 1);
    assert.equal(during(10), 2);
    assert.equal(during(10), 2);
    assert.equal(during(10), 4);
    for (let i = 0; i < 40; i++) during(1000);
    assert.equal(during(1), 32);
    for (let i = 0; i < 100; i++) {
      second += 100;
      during(1);
    }
    assert.equal(during(1), 1);
  });
});
