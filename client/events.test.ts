import assert from 'node:assert/strict';
import type { Pod } from '../machinery/schema/wire.ts';
import { createActionRecorder, createEventRecorder } from './events.ts';
import { FakeClient } from './fake-client.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { coreEvents, events } from './resources.ts';
import { TaskGroup } from './task-group.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'a', name: 'x', uid: 'u', resourceVersion: '7' },
};

describe('event recorders', () => {
  let client: FakeClient;
  let clock: FakeClock;
  let group: TaskGroup;
  beforeEach(() => {
    clock = new FakeClock();
    client = new FakeClient(() => clock.now());
    group = new TaskGroup();
  });
  afterEach(() => group.close());

  it('counts equal events up', async () => {
    const recorder = createEventRecorder(client, { component: 'c', host: 'h', clock });
    group.start('events', (s) => recorder.run(s));
    for (let i = 0; i < 3; i++) {
      recorder.event(pod, 'Warning', 'BackOff', 'Back-off');
      await clock.advance(1000);
    }
    const [event, ...rest] = client.objects(coreEvents);
    assert.equal(rest.length, 0);
    assert.equal(event?.count, 3);
    assert.equal(event?.firstTimestamp, '2026-01-01T00:00:00Z');
    assert.equal(event?.lastTimestamp, '2026-01-01T00:00:02Z');
    assert.deepEqual(event?.source, { component: 'c', host: 'h' });
    assert.equal(event?.involvedObject.uid, 'u');
    assert.match(event?.metadata.name ?? '', /^x\.[0-9a-f]+$/);
  });

  it('combines similar events and stops a source that says too much', async () => {
    const recorder = createEventRecorder(client, { component: 'c', clock });
    group.start('events', (s) => recorder.run(s));
    for (let i = 0; i < 40; i++) recorder.event(pod, 'Normal', 'Pulled', `image ${i}`);
    await settle();
    const texts = client.objects(coreEvents).map((e) => `${e.count} ${e.message}`);
    assert.equal(texts.length, 10);
    // 25 events are let through: nine apart, sixteen combined.
    assert.equal(texts.at(-1), '16 (combined from similar events): image 24');
  });

  it('starts a series in events.k8s.io', async () => {
    const recorder = createActionRecorder(client, { component: 'sched', host: 'h', clock });
    group.start('events', (s) => recorder.run(s));
    const record = () =>
      recorder.event(pod, undefined, 'Warning', 'FailedScheduling', 'Scheduling', 'no node');
    record();
    await settle();
    record();
    record();
    await settle();
    const [event, ...rest] = client.objects(events);
    assert.equal(rest.length, 0);
    assert.equal(event?.series?.count, 2);
    assert.equal(event?.reportingInstance, 'sched-h');
    assert.equal(client.writes.length, 2);
  });

  it('tries again when the server is away', async () => {
    const recorder = createEventRecorder(client, { component: 'c', clock });
    group.start('events', (s) => recorder.run(s));
    client.before = () => {
      throw new Error('connect ECONNREFUSED');
    };
    recorder.event(pod, 'Normal', 'R', 'm');
    await clock.advance(5000);
    client.before = undefined;
    await clock.advance(10_000);
    assert.equal(client.objects(coreEvents).length, 1);
  });
});
