import assert from 'node:assert/strict';
import type { Client } from './client.ts';
import { discover, discoveryDocument } from './discovery.ts';
import { deployments, nodes, pods } from './resources.ts';

function serving(answers: Record<string, unknown>): Client {
  const raw = async (_method: string, path: string): Promise<unknown> => {
    if (!(path in answers)) throw new Error(`no ${path}`);
    return answers[path];
  };
  return { raw } as Partial<Client> as Client;
}

const text = (d: Awaited<ReturnType<typeof discover>>): string[] =>
  d.resources.map(
    ({ resource: r, verbs }) =>
      `${r.apiVersion} ${r.plural} ${r.kind} ${r.namespaced} ${[...verbs].join('+')}`,
  );

describe('discover', () => {
  it('reads aggregated documents', async () => {
    const kinds = [pods, nodes, deployments];
    const found = await discover(
      serving({
        '/api': discoveryDocument('/api', kinds, ['list']),
        '/apis': discoveryDocument('/apis', kinds, ['list']),
      }),
    );
    assert.deepEqual(text(found), [
      'v1 pods Pod true list',
      'v1 nodes Node false list',
      'apps/v1 deployments Deployment true list',
    ]);
  });

  it('reads group by group, the preferred version first, and tells what failed', async () => {
    const found = await discover(
      serving({
        '/api': { kind: 'APIVersions', versions: ['v1'] },
        '/api/v1': {
          resources: [
            { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['list'] },
            { name: 'pods/status', kind: 'Pod', namespaced: true, verbs: ['get'] },
          ],
        },
        '/apis': {
          kind: 'APIGroupList',
          groups: [
            {
              name: 'g',
              versions: [{ groupVersion: 'g/v1' }, { groupVersion: 'g/v2' }],
              preferredVersion: { groupVersion: 'g/v2' },
            },
            { name: 'away', versions: [{ groupVersion: 'away/v1' }] },
          ],
        },
        '/apis/g/v1': {
          resources: [
            { name: 'as', kind: 'A' },
            { name: 'bs', kind: 'B' },
          ],
        },
        '/apis/g/v2': { resources: [{ name: 'as', kind: 'A' }] },
      }),
    );
    assert.deepEqual(text(found), [
      'v1 pods Pod true list',
      'g/v2 as A false ',
      'g/v1 bs B false ',
    ]);
    assert.deepEqual(found.failures, ['away/v1: no /apis/away/v1']);
  });
});
