import assert from 'node:assert/strict';
import { componentChecks } from './component-checks.ts';
import { readComponentStatuses } from './registry/core/component-statuses.ts';

describe('the state of components', () => {
  const cases: [title: string, currentRevision: () => Promise<number>, condition: object][] = [
    [
      'a store that answers',
      () => Promise.resolve(1),
      { type: 'Healthy', status: 'True', message: 'ok' },
    ],
    [
      'a store that does not',
      () => Promise.reject(new Error('gone')),
      { type: 'Healthy', status: 'False', error: 'Error: gone' },
    ],
  ];
  for (const [title, currentRevision, condition] of cases) {
    it(title, async () => {
      const checks = componentChecks({ currentRevision });
      assert.deepEqual(Object.keys(checks), ['controller-manager', 'scheduler', 'etcd-0']);
      const store = { 'etcd-0': checks['etcd-0']! };
      const [status] = await readComponentStatuses(store, new AbortController().signal);
      assert.equal(status?.metadata?.name, 'etcd-0');
      assert.deepEqual(status.conditions, [condition]);
    });
  }
});
