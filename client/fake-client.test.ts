import assert from 'node:assert/strict';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { Pod } from '../machinery/schema/wire.ts';
import type { WatchEvent } from './client.ts';
import { FakeClient } from './fake-client.ts';
import { namespaces, pods } from './resources.ts';

function pod(name: string, extra: Partial<Pod> = {}): Pod {
  return {
    metadata: { name, namespace: 'a', labels: { app: name } },
    spec: { containers: [] },
    ...extra,
  };
}

describe('FakeClient', () => {
  it('keeps status apart from the rest', async () => {
    const client = new FakeClient();
    const made = await client.create(pods, pod('x', { status: { phase: 'Running' } }));
    assert.equal(made.status?.phase, 'Pending');
    made.metadata!.labels = { b: 'c' };
    made.status = { phase: 'Running' };
    const updated = await client.update(pods, made);
    assert.equal(updated.status?.phase, 'Pending');
    assert.deepEqual(updated.metadata?.labels, { b: 'c' });
    updated.status = { phase: 'Running' };
    assert.equal(
      (await client.update(pods, updated, { subresource: 'status' })).status?.phase,
      'Running',
    );
    assert.deepEqual(client.writesText(), [
      'create pods a/x',
      'update pods a/x',
      'update pods/status a/x',
    ]);
  });

  it('answers conflicts, duplicates and missing objects', async () => {
    const client = new FakeClient();
    const first = await client.create(pods, pod('x'));
    await client.patch(
      pods,
      { namespace: 'a', name: 'x' },
      { metadata: { labels: { n: '1' } } },
      { type: 'merge' },
    );
    await assert.rejects(client.update(pods, first), (e) => hasReason(e, 'Conflict'));
    await assert.rejects(client.create(pods, pod('x')), (e) => hasReason(e, 'AlreadyExists'));
    await assert.rejects(client.get(pods, { namespace: 'a', name: 'y' }), (e) =>
      hasReason(e, 'NotFound'),
    );
    await assert.rejects(
      client.delete(pods, { namespace: 'a', name: 'x' }, { uid: 'other' }),
      (e) => hasReason(e, 'Conflict'),
    );
  });

  it('deletes gracefully and waits for finalizers', async () => {
    const client = new FakeClient(() => Date.UTC(2026, 0, 1));
    const key = { namespace: 'a', name: 'x' };
    client.seed(pods, pod('x', { spec: { nodeName: 'n', containers: [] } }));
    await client.delete(pods, key);
    assert.equal((await client.get(pods, key)).metadata?.deletionTimestamp, '2026-01-01T00:00:30Z');
    await client.delete(pods, key, { gracePeriodSeconds: 0 });
    assert.deepEqual(client.objects(pods), []);

    client.seed(pods, { metadata: { name: 'x', namespace: 'a', finalizers: ['f'] } });
    await client.delete(pods, key);
    assert.equal(client.objects(pods).length, 1);
    await client.patch(pods, key, { metadata: { finalizers: null } }, { type: 'merge' });
    assert.deepEqual(client.objects(pods), []);
  });

  it('removes a namespace when it is finalized', async () => {
    const client = new FakeClient();
    const made = await client.create(namespaces, { metadata: { name: 'n' } });
    await client.delete(namespaces, { name: 'n' });
    const dying = await client.get(namespaces, { name: 'n' });
    assert.equal(dying.status?.phase, 'Terminating');
    assert.deepEqual(made.spec?.finalizers, ['kubernetes']);
    dying.spec = { finalizers: [] };
    await client.update(namespaces, dying, { subresource: 'finalize' });
    assert.deepEqual(client.objects(namespaces), []);
  });

  it('streams the state, a bookmark and changes through a selector', async () => {
    const client = new FakeClient();
    client.seed(pods, pod('x'), pod('y'));
    const abort = new AbortController();
    const seen: string[] = [];
    const watch = client.watch(pods, {
      labelSelector: 'app=x',
      sendInitialEvents: true,
      signal: abort.signal,
    });
    const done = (async () => {
      for await (const event of watch as AsyncIterable<WatchEvent<Pod>>) {
        seen.push(`${event.type} ${event.object.metadata?.name ?? ''}`);
        if (seen.length === 4) abort.abort();
      }
    })();
    const key = { namespace: 'a', name: 'x' };
    await client.patch(pods, key, { metadata: { labels: { app: 'z' } } }, { type: 'strategic' });
    await client.patch(pods, key, { metadata: { labels: { app: 'x' } } }, { type: 'merge' });
    await done;
    assert.deepEqual(seen, ['ADDED x', 'BOOKMARK ', 'DELETED x', 'ADDED x']);
    client.store.compact();
    await assert.rejects(
      async () => {
        for await (const _ of client.watch(pods, { resourceVersion: '1' }));
      },
      (e) => hasReason(e, 'Expired'),
    );
  });
});
