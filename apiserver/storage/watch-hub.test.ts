import assert from 'node:assert/strict';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { StoreEvent, WatchBatch } from './storage.ts';
import { WatchHub, type WatchHubOptions } from './watch-hub.ts';

describe('watch hub', () => {
  let history: StoreEvent[];
  let timers: (() => void)[];
  let replays: string[];
  let abort: AbortController;
  beforeEach(() => {
    history = [];
    timers = [];
    replays = [];
    abort = new AbortController();
  });
  afterEach(() => abort.abort());

  it('queues live events, and hands out all that is there in one batch', async () => {
    const hub = start();
    const batches = watch(hub, '/a', 1);
    const first = batches.next();
    await turn();
    write(hub, '/a1', '/b1', '/a2');
    assert.equal(text(await first), '/a1@1 /a2@3 to 3');
    write(hub, '/a3');
    write(hub, '/a4');
    assert.equal(text(await batches.next()), '/a3@4 /a4@5 to 5');
    assert.deepEqual(replays, []);
  });

  it('replays history first, and what came meanwhile is neither lost nor doubled', async () => {
    const hub = start();
    write(hub, '/a1', '/a2', '/b1', '/a3', '/b2');
    const batches = watch(hub, '/a', 2);
    assert.equal(text(await batches.next()), '/a2@2 to 2');
    write(hub, '/a4');
    assert.equal(text(await batches.next()), '/a3@4 to 4');
    assert.equal(text(await batches.next()), ' to 5');
    assert.equal(text(await batches.next()), '/a4@6 to 6');
    assert.deepEqual(replays, ['/a 2-5']);
  });

  it('lets a slow watch fall behind', async () => {
    const hub = start({ maxQueuedEvents: 2 });
    const batches = watch(hub, '/a', 1);
    const first = batches.next();
    await turn();
    write(hub, '/a1');
    await first;
    write(hub, '/a2', '/a3', '/a4', '/a5');
    for (const expected of ['/a2@2 to 2', '/a3@3 to 3', '/a4@4 to 4', '/a5@5 to 5']) {
      assert.equal(text(await batches.next()), expected);
    }
    assert.deepEqual(replays, ['/a 2-5']);
    const live = batches.next();
    write(hub, '/a6');
    assert.equal(text(await live), '/a6@6 to 6');
    // Many at once can pass a waiting watch by; it must wake up all the same.
    const waiting = batches.next();
    await turn();
    publish(hub, '/a7', '/a8', '/a9');
    assert.equal(text(await waiting), '/a7@7 to 7');
  });

  it('bounds the bytes that wait', async () => {
    const hub = start({ maxQueuedBytes: 10 });
    const batches = watch(hub, '/a', 1);
    const first = batches.next();
    await turn();
    write(hub, '/a1');
    await first;
    write(hub, '/a2', '/a3', '/a4');
    assert.equal(text(await batches.next()), '/a2@2 to 2');
    assert.deepEqual(replays, ['/a 2-4']);
  });

  it('shows progress when asked, once it is there', async () => {
    const hub = start();
    const { watching, batches } = both(hub, '/a', 1);
    watching.reach(2);
    const next = batches.next();
    await turn();
    write(hub, '/b1');
    await turn();
    write(hub, '/b2');
    assert.equal(text(await next), ' to 2');
    write(hub, '/b3');
    watching.reach(3);
    assert.equal(text(await batches.next()), ' to 3');
  });

  it('shows progress now and then, with a timer only while there is some', async () => {
    const hub = start();
    const batches = watch(hub, '/a', 1);
    const next = batches.next();
    await turn();
    assert.equal(timers.length, 0);
    write(hub, '/b1', '/b2');
    assert.equal(timers.length, 1);
    timers.shift()!();
    assert.equal(text(await next), ' to 2');
    const later = batches.next();
    await turn();
    write(hub, '/a1');
    assert.equal(text(await later), '/a1@3 to 3');
    assert.equal(timers.length, 0);
  });

  it('ends with the error of the store, and tells when it is idle', async () => {
    let idle = 0;
    const hub = start({ idle: () => idle++ });
    const one = watch(hub, '/a', 1).next();
    const two = watch(hub, '/b', 1).next();
    await turn();
    assert.equal(hub.busy, true);
    hub.fail(new Error('lost'));
    await assert.rejects(one, /lost/);
    await assert.rejects(two, /lost/);
    assert.deepEqual([idle, hub.busy], [1, false]);
    hub.close(new Error('closed'));
    await assert.rejects(watch(hub, '/a', 1).next(), /closed/);
  });

  function start(options: Partial<WatchHubOptions> = {}): WatchHub {
    const clock: Clock = {
      now: () => 0,
      after: (_ms, callback) => {
        timers.push(callback);
        return () => {
          timers = timers.filter((other) => other !== callback);
        };
      },
    };
    return new WatchHub({ revision: 0, clock, replay, ...options });
  }

  async function* replay(prefix: string, from: number, to: number) {
    replays.push(`${prefix} ${from}-${to}`);
    for (const event of history.slice(from - 1, to)) {
      if (event.kv.key.startsWith(prefix)) yield [event];
    }
  }

  /** One revision after the other. */
  function write(hub: WatchHub, ...keys: string[]): void {
    for (const key of keys) publish(hub, key);
  }

  /** Several revisions in one piece. */
  function publish(hub: WatchHub, ...keys: string[]): void {
    const events = keys.map((key): StoreEvent => {
      const modRevision = history.length + 1;
      const value = Buffer.alloc(5);
      const kv = { key, value, createRevision: modRevision, modRevision, lease: 0 };
      history.push({ type: 'put', kv });
      return history.at(-1)!;
    });
    hub.publish(events, history.length);
  }

  function both(hub: WatchHub, prefix: string, fromRevision: number) {
    const watching = hub.watch(prefix, { fromRevision, signal: abort.signal });
    return { watching, batches: watching[Symbol.asyncIterator]() };
  }

  function watch(hub: WatchHub, prefix: string, fromRevision: number) {
    return both(hub, prefix, fromRevision).batches;
  }
});

function text({ value }: IteratorResult<WatchBatch>): string {
  const events = value.events.map(({ kv }: StoreEvent) => `${kv.key}@${kv.modRevision}`);
  return `${events.join(' ')} to ${value.revision}`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
