import assert from 'node:assert/strict';
import { FakeClient } from '../../client/fake-client.ts';
import { FakeClock, settle } from '../../client/fake-clock.ts';
import { silentLog } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import type { PodStatus } from '../../machinery/schema/wire.ts';
import { type NodePod, nodePod } from '../pods/pod.ts';
import { StatusManager } from './status-manager.ts';
import { publishedStatus, statusPatch } from './status-patch.ts';

const ready = (status: string, more: object = {}) => ({ type: 'Ready', status, ...more });

describe('status patch', () => {
  const cases: [what: string, known: PodStatus, next: PodStatus, expected: unknown][] = [
    ['nothing differs', { phase: 'Running' }, { phase: 'Running' }, undefined],
    ['a field', { phase: 'Pending' }, { phase: 'Running' }, { phase: 'Running' }],
    ['a field goes', { reason: 'X' }, {}, { reason: null }],
    [
      'addresses are replaced by key',
      { podIPs: [{ ip: '1' }, { ip: '2' }] },
      { podIPs: [{ ip: '2' }, { ip: '3' }] },
      { podIPs: [{ ip: '2' }, { ip: '3' }, { ip: '1', $patch: 'delete' }] },
    ],
    [
      'only the condition that changed; what it does not say any more is cleared',
      { conditions: [ready('False', { reason: 'R' }), { type: 'Initialized', status: 'True' }] },
      { conditions: [ready('True'), { type: 'Initialized', status: 'True' }] },
      { conditions: [ready('True', { reason: null })] },
    ],
    [
      'conditions of others are left alone',
      { conditions: [{ type: 'x.io/a', status: 'True' }] },
      { conditions: [] },
      undefined,
    ],
    [
      'own conditions go',
      { conditions: [{ type: 'PodResizePending', status: 'True' }] },
      { conditions: [] },
      { conditions: [{ type: 'PodResizePending', $patch: 'delete' }] },
    ],
  ];
  for (const [what, known, next, expected] of cases) {
    it(what, () => assert.deepEqual(statusPatch(known, next), expected));
  }

  it('a final phase waits until nothing runs', () => {
    const pod: NodePod = {
      metadata: { name: 'p', namespace: 'ns', uid: 'u' },
      spec: { containers: [] },
      status: { phase: 'Running' },
    };
    const status: PodStatus = { phase: 'Failed', reason: 'Evicted', conditions: [ready('True')] };
    assert.equal(publishedStatus(pod, status, true).phase, 'Running');
    const published = publishedStatus(pod, status, false);
    assert.equal(published.phase, 'Failed');
    assert.deepEqual(published.conditions, [ready('False', { reason: 'PodFailed' })]);
  });
});

describe('StatusManager', () => {
  function bed(mayRun = true) {
    const clock = new FakeClock();
    const client = new FakeClient(() => clock.now());
    const [seeded] = client.seed(pods, {
      metadata: { name: 'p', namespace: 'ns', uid: 'u' },
      spec: { containers: [{ name: 'c' }], nodeName: 'node' },
      status: { phase: 'Pending' },
    });
    const api = (): NodePod | undefined => client.objects(pods).map(nodePod)[0];
    const state = { mayRun };
    const manager = new StatusManager({
      client,
      clock,
      log: silentLog,
      apiPod: (uid) =>
        client
          .objects(pods)
          .map(nodePod)
          .find((p) => p.metadata.uid === uid),
      mayRun: () => state.mayRun,
    });
    return { clock, client, manager, api, state, pod: nodePod(seeded!) };
  }

  it('writes what changed, once', async () => {
    const { manager, client, pod, api } = bed();
    manager.set(pod, { phase: 'Running', conditions: [ready('True')] });
    await settle();
    manager.set(pod, { phase: 'Running', conditions: [ready('True')] });
    await settle();
    assert.deepEqual(client.writesText(), ['patch pods/status ns/p']);
    assert.equal(api()?.status?.startTime, '2026-01-01T00:00:00Z');
  });

  it('keeps the time of a condition that did not change', async () => {
    const { manager, clock, pod, api } = bed();
    manager.set(pod, { phase: 'Running', conditions: [ready('True')] });
    await clock.advance(60_000);
    manager.set(pod, { phase: 'Running', conditions: [ready('True', { reason: 'Other' })] });
    await settle();
    const [condition] = api()!.status!.conditions!;
    assert.equal(condition?.lastTransitionTime, '2026-01-01T00:00:00Z');
    assert.equal(condition?.reason, 'Other');
    manager.set(pod, { phase: 'Running', conditions: [ready('False')] });
    await settle();
    const [changed] = api()!.status!.conditions!;
    assert.equal(changed?.lastTransitionTime, '2026-01-01T00:01:00Z');
  });

  it('changes of one turn go out as one', async () => {
    const { manager, client, pod } = bed();
    manager.set(pod, { phase: 'Pending', message: 'a' });
    manager.set(pod, { phase: 'Running' });
    await settle();
    assert.equal(client.writes.length, 1);
  });

  it('goes on trying while the API is away, with the newest state', async () => {
    const { manager, clock, client, pod, api } = bed();
    let away = true;
    let tries = 0;
    client.before = () => {
      tries++;
      if (away) throw new Error('connection refused');
    };
    manager.set(pod, { phase: 'Running' });
    await clock.advance(20_000);
    assert(tries >= 3 && tries < 10, `${tries} tries`);
    manager.set(pod, { phase: 'Running', message: 'newer' });
    away = false;
    await clock.advance(15_000);
    assert.equal(api()?.status?.message, 'newer');
  });

  it('puts right what somebody else wrote', async () => {
    const { manager, client, pod, api } = bed();
    manager.set(pod, { phase: 'Running' });
    await settle();
    const key = { namespace: 'ns', name: 'p' };
    const options = { type: 'merge', subresource: 'status' } as const;
    await client.patch(pods, key, { status: { phase: 'Pending' } }, options);
    manager.reconcile(api()!);
    await settle();
    assert.equal(api()?.status?.phase, 'Running');
  });

  it('deletes a pod only when it is finished and deleted', async () => {
    const { manager, client, pod, api, state } = bed();
    manager.set(pod, { phase: 'Running' });
    await settle();
    await client.delete(pods, { namespace: 'ns', name: 'p' }, { gracePeriodSeconds: 30 });
    manager.reconcile(api()!);
    await settle();
    assert.notEqual(api(), undefined);
    state.mayRun = false;
    manager.finish(api()!);
    await settle();
    assert.equal(api(), undefined);
    assert.equal(manager.get('u'), undefined);
    const [phase] = client.writes.filter((w) => w.subresource === 'status').slice(-1);
    assert.equal((phase!.body as { status: PodStatus }).status.phase, 'Failed');
  });

  it('leaves another pod of the same name alone', async () => {
    const { manager, client, pod } = bed();
    const other = { ...pod, metadata: { ...pod.metadata, uid: 'old' } };
    manager.set(other, { phase: 'Running' });
    await settle();
    const written = client.objects(pods)[0]?.status?.phase;
    assert.equal(written, 'Pending');
  });

  it('shortens messages so that all fit', () => {
    const { manager, pod } = bed();
    const terminated = { exitCode: 1, message: 'x'.repeat(20_000) };
    const status = manager.set(pod, {
      containerStatuses: [
        {
          name: 'c',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated },
        },
      ],
    });
    const { message } = status.containerStatuses![0]!.state!.terminated!;
    assert.equal(message?.length, 12 * 1024);
  });
});
