import assert from 'node:assert/strict';
import { badRequest, StatusError } from '../machinery/meta/status-error.ts';
import type { Pod } from '../machinery/schema/wire.ts';
import { linkedSignal } from './abort.ts';
import type { FakeCall } from './fake-client.ts';
import { FakeClient } from './fake-client.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { InformerFactory } from './informer.ts';
import { nodes, pods } from './resources.ts';
import { TaskGroup } from './task-group.ts';

function pod(name: string, node = 'n', namespace = 'a'): Pod {
  return { metadata: { name, namespace }, spec: { nodeName: node, containers: [] } };
}

describe('Informer', () => {
  let client: FakeClient;
  let clock: FakeClock;
  let factory: InformerFactory;
  let group: TaskGroup;
  let seen: string[];
  let calls: FakeCall[];

  beforeEach(() => {
    clock = new FakeClock();
    client = new FakeClient(() => clock.now());
    factory = new InformerFactory(client, { clock, random: () => 0 });
    group = new TaskGroup();
    seen = [];
    calls = [];
    client.before = (call) => void calls.push(call);
  });
  afterEach(() => group.close());

  function follow(): void {
    factory.for(pods).addHandler({
      added: (p) => seen.push(`+${p.metadata?.name}`),
      updated: (old, p) => seen.push(`~${old.metadata?.name}${p.metadata?.labels?.['l'] ?? ''}`),
      deleted: (p) => seen.push(`-${p.metadata?.name}`),
    });
    group.start('factory', (signal) => factory.run(signal));
  }

  it('loads the state, then follows changes', async () => {
    client.seed(pods, pod('x'), pod('y'));
    follow();
    await factory.synced(group.signal);
    assert.deepEqual(seen, ['+x', '+y']);
    const key = { namespace: 'a', name: 'x' };
    await client.patch(pods, key, { metadata: { labels: { l: '1' } } }, { type: 'merge' });
    await client.delete(pods, { namespace: 'a', name: 'y' }, { gracePeriodSeconds: 0 });
    await settle();
    assert.deepEqual(seen.slice(2), ['~x1', '-y']);
    assert.equal(factory.for(pods).store.list('a').length, 1);
  });

  it('keeps indexes in step and drops managedFields', async () => {
    const informer = factory.for(pods);
    informer.addIndex('node', (p) => [p.spec?.nodeName ?? '']);
    client.seed(pods, pod('x', 'n'), pod('y', 'm'));
    client.seed(pods, { metadata: { name: 'z', namespace: 'b', managedFields: [{}] } });
    follow();
    await factory.synced(group.signal);
    assert.deepEqual(
      informer.store.byIndex('node', 'm').map((p) => p.metadata?.name),
      ['y'],
    );
    assert.equal('managedFields' in informer.store.get('b', 'z')!.metadata!, false);
    await client.delete(pods, { namespace: 'a', name: 'y' }, { gracePeriodSeconds: 0 });
    await settle();
    assert.deepEqual(informer.store.byIndex('node', 'm'), []);
    assert.throws(() => informer.store.byIndex('other', ''), /no index "other"/);
  });

  it('lists where the server does not stream the state', async () => {
    client.seed(pods, pod('x'));
    const watch = client.watch.bind(client);
    client.watch = (r, o) => {
      if (o.sendInitialEvents === true) throw badRequest('sendInitialEvents is forbidden');
      return watch(r, o);
    };
    follow();
    await factory.synced(group.signal);
    await client.create(pods, pod('y'));
    await settle();
    assert.deepEqual(seen, ['+x', '+y']);
    assert.deepEqual(
      calls.map((c) => c.verb),
      ['list', 'watch', 'create'],
    );
  });

  it('backs off while the server is down and resumes where it was', async () => {
    client.seed(pods, pod('x'));
    let down = false;
    let end = (): void => {};
    const watch = client.watch.bind(client);
    client.watch = (r, o) => {
      calls.push({ verb: 'watch' } as FakeCall);
      if (down) throw new Error('connect ECONNREFUSED');
      const stop = linkedSignal(o.signal);
      end = () => stop.abort();
      return watch(r, { ...o, signal: stop.signal });
    };
    client.before = undefined;
    follow();
    await factory.synced(group.signal);
    down = true;
    end();
    client.seed(pods, pod('y'));
    await clock.advance(60_000);
    // 0.1 0.2 0.4 … 5 s with jitter at its least: some fifteen tries a minute.
    assert.ok(calls.length > 10 && calls.length < 25, `${calls.length} watches`);
    down = false;
    await clock.advance(10_000);
    assert.deepEqual(seen, ['+x', '+y']);
  });

  it('loads again after Expired and tells the difference', async () => {
    client.seed(pods, pod('x'), pod('y'));
    let end = (): void => {};
    const watch = client.watch.bind(client);
    client.watch = (r, o) => {
      const stop = linkedSignal(o.signal);
      end = () => stop.abort();
      return watch(r, { ...o, signal: stop.signal });
    };
    follow();
    await factory.synced(group.signal);
    client.before = () => {
      throw new StatusError('ServiceUnavailable', 'down');
    };
    end();
    await settle();
    client.store.delete(pods, { namespace: 'a', name: 'x' }, { gracePeriodSeconds: 0 });
    client.store.delete(pods, { namespace: 'a', name: 'y' }, { gracePeriodSeconds: 0 });
    client.seed(pods, pod('y'), pod('z'));
    client.store.compact();
    client.before = undefined;
    await clock.advance(30_000);
    assert.deepEqual(seen, ['+x', '+y', '-y', '+y', '+z', '-x']);
  });

  it('hands out the informer of all objects that somebody asked for', () => {
    const asked = factory.for(pods);
    assert.equal(factory.existing(pods), asked);
    assert.notEqual(factory.for(pods, { metadataOnly: true }), asked);
    assert.equal(factory.existing(nodes), undefined);
  });
});
