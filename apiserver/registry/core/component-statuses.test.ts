import assert from 'node:assert/strict';
import { readComponentStatuses } from './component-statuses.ts';

describe('component statuses', () => {
  it('say what the components answer, and that they do not', async () => {
    const statuses = await readComponentStatuses(
      {
        'etcd-0': async () => ({ health: 'healthy', message: 'ok' }),
        scheduler: async () => ({ health: 'unhealthy', error: 'connection refused' }),
        'controller-manager': async () => {
          throw new Error('no address');
        },
      },
      new AbortController().signal,
    );
    assert.deepEqual(
      statuses.map((s) => [s.metadata?.name, s.conditions]),
      [
        ['etcd-0', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
        ['scheduler', [{ type: 'Healthy', status: 'False', error: 'connection refused' }]],
        ['controller-manager', [{ type: 'Healthy', status: 'Unknown', error: 'no address' }]],
      ],
    );
  });
});
