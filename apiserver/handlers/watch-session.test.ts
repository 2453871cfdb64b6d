/** The stream of one watch: what it sends when, with a clock and a client of the test's own. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { mock } from 'node:test';
import { everyField } from '../../machinery/meta/fields.ts';
import { everything } from '../../machinery/meta/labels.ts';
import type { RenderContext } from '../server/rendering.ts';
import type { CacheEvent } from '../storage/cache/resource-cache.ts';
import { ResourceCache } from '../storage/cache/resource-cache.ts';
import { StoredObject } from '../storage/cache/stored-object.ts';
import { widgets as spec } from '../storage/cache/test-widgets.ts';
import type { ListOptions } from './list-options.ts';
import type { Selection } from './selection.ts';
import type { WatchEncoder } from './watch-encoder.ts';
import { WatchSession } from './watch-session.ts';

function widget(name: string, revision: number, labels: Record<string, string> = {}): StoredObject {
  const metadata = { name, namespace: 'n', uid: 'u', labels };
  const text = JSON.stringify({ kind: 'Widget', apiVersion: 'v1', metadata });
  return new StoredObject(spec, `/registry/widgets/n/${name}`, revision, Buffer.from(text));
}

/** A client that takes `room` bytes, then no more until it is told to read. */
class Client extends EventEmitter {
  sent = '';
  room = Number.MAX_SAFE_INTEGER;
  destroyed = false;
  writableEnded = false;
  writableFinished = false;

  writeHead(): void {}
  flushHeaders(): void {}

  write(bytes: Buffer): boolean {
    this.sent += bytes.toString();
    this.room -= bytes.length;
    return this.room > 0;
  }

  end(): void {
    this.writableEnded = true;
    this.emit('close');
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  read(): void {
    this.room = Number.MAX_SAFE_INTEGER;
    this.emit('drain');
  }
}

const encoder = {
  event: (type: string, o: StoredObject) => Buffer.from(`${type} ${o.name}@${o.revision}\n`),
  bookmark: (revision: number, end: boolean) =>
    Buffer.from(`BOOKMARK @${revision}${end ? ' end' : ''}\n`),
  error: (e: Error) => Buffer.from(`ERROR ${e.message}\n`),
} as unknown as WatchEncoder;

class World {
  readonly cache = new ResourceCache(spec);
  readonly cacher = { revision: 10 };
  readonly client = new Client();
  readonly session: WatchSession;
  #running: Promise<void> = Promise.resolve();

  constructor(
    options: Partial<ListOptions> = {},
    selection: Partial<Selection> = {},
    asList = false,
  ) {
    this.cache.replace([], 10);
    const resource = { store: { cache: this.cache, cacher: this.cacher } };
    this.session = new WatchSession({
      minTimeoutMs: 1_800_000,
      c: { resource, form: { streamType: 'application/json', asList } } as unknown as RenderContext,
      selection: {
        ...{ namespace: '', scope: '', labels: everything, fields: everyField, name: '' },
        ...{ everything: true, matches: () => true },
        ...selection,
      },
      options: { allowWatchBookmarks: true, timeoutSeconds: 600, ...options } as ListOptions,
      encoder,
      response: this.client as unknown as ServerResponse,
    });
  }

  run(): void {
    this.#running = this.session.run(new AbortController().signal);
  }

  /** A write, and the other kinds' writes after it. */
  write(o: StoredObject, others = 0): void {
    this.cache.apply(o.key, o, o.revision);
    this.cacher.revision = o.revision + others;
  }

  delete(name: string, revision: number): void {
    this.cache.apply(`/registry/widgets/n/${name}`, undefined, revision);
    this.cacher.revision = revision;
  }

  /** What has been sent since the last look. */
  async sent(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    const lines = this.client.sent.split('\n').slice(0, -1);
    this.client.sent = '';
    return lines;
  }

  async ended(): Promise<void> {
    await this.#running;
  }
}

describe('a watch session', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
  afterEach(() => mock.timers.reset());

  it('ends the initial state with a bookmark, and goes on with events', async () => {
    const w = new World({ sendInitialEvents: true });
    w.session.begin([widget('a', 3), widget('b', 7)]);
    w.run();
    w.write(widget('c', 11));
    w.delete('c', 12);
    assert.deepEqual(await w.sent(), [
      ...['ADDED a@3', 'ADDED b@7', 'BOOKMARK @10 end', 'ADDED c@11', 'DELETED c@12'],
    ]);
  });

  it('ends at the first event for those who want objects as lists', async () => {
    const w = new World({}, {}, true);
    w.session.resume([], 10);
    w.run();
    assert.deepEqual([await w.sent(), w.client.writableEnded], [[], false]);
    w.write(widget('a', 11));
    assert.deepEqual([await w.sent(), w.client.writableEnded], [[], true]);
    await w.ended();
  });

  it('names no end to those that take no bookmarks', async () => {
    const w = new World({ sendInitialEvents: true, allowWatchBookmarks: false });
    w.session.begin([widget('a', 3)]);
    w.run();
    mock.timers.tick(120_000);
    assert.deepEqual(await w.sent(), ['ADDED a@3']);
  });

  it('sends a bookmark every minute, also when other kinds alone change', async () => {
    const w = new World();
    w.session.resume([], 10);
    w.run();
    mock.timers.tick(60_000);
    assert.deepEqual(await w.sent(), [], 'the client has this revision');
    w.cacher.revision = 15;
    mock.timers.tick(60_000);
    assert.deepEqual(await w.sent(), ['BOOKMARK @15']);
    mock.timers.tick(120_000);
    assert.deepEqual(await w.sent(), ['BOOKMARK @15', 'BOOKMARK @15']);
  });

  it('ends on time, behind a last bookmark', async () => {
    const w = new World({ timeoutSeconds: 5 });
    w.session.resume([], 10);
    w.run();
    w.write(widget('a', 11), 3);
    mock.timers.tick(4999);
    assert.deepEqual(await w.sent(), ['ADDED a@11']);
    mock.timers.tick(1);
    assert.deepEqual(await w.sent(), ['BOOKMARK @14']);
    await w.ended();
    assert.equal(w.client.writableEnded, true);
    w.write(widget('b', 20));
    assert.deepEqual(await w.sent(), []);
  });

  it('ends at once when less than no time is given', async () => {
    const w = new World({ timeoutSeconds: -1 });
    w.session.resume([], 10);
    w.run();
    mock.timers.tick(1);
    await w.ended();
    assert.equal(w.client.writableEnded, true);
  });

  it('repeats past events, and leaves out what the client has', async () => {
    const w = new World();
    for (const revision of [11, 12, 13]) w.write(widget('a', revision));
    const past = w.cache.since(11) as CacheEvent[];
    w.session.resume(past, 11);
    w.run();
    assert.deepEqual(await w.sent(), ['MODIFIED a@12', 'MODIFIED a@13']);
  });

  it('shows what comes into a selection as added, what leaves it as deleted', async () => {
    const w = new World({}, { everything: false, matches: (o) => o.labels['x'] === '1' });
    w.session.resume([], 10);
    w.run();
    w.write(widget('a', 11));
    w.write(widget('a', 12, { x: '1' }));
    w.write(widget('a', 13, { x: '1', y: '1' }));
    w.write(widget('a', 14, { x: '2' }));
    w.delete('a', 15);
    assert.deepEqual(await w.sent(), ['ADDED a@12', 'MODIFIED a@13', 'DELETED a@14']);
  });

  it('lets a slow client catch up in order, and sends it no bookmark meanwhile', async () => {
    const w = new World();
    w.session.resume([], 10);
    w.run();
    w.client.room = 1;
    w.write(widget('a', 11));
    assert.deepEqual(await w.sent(), ['ADDED a@11']);
    for (const revision of [12, 13]) w.write(widget('a', revision));
    mock.timers.tick(60_000);
    assert.deepEqual(await w.sent(), []);
    w.client.read();
    assert.deepEqual(await w.sent(), ['MODIFIED a@12', 'MODIFIED a@13']);
    mock.timers.tick(60_000);
    assert.deepEqual(await w.sent(), ['BOOKMARK @13']);
  });

  it('cuts off whoever leaves too much unread', async () => {
    const w = new World();
    w.session.resume([], 10);
    w.run();
    w.client.room = 1;
    let revision = 11;
    while (!w.client.destroyed) {
      assert.ok(revision < 60_000, 'it waits without limit');
      w.write(widget('a', revision++));
    }
    assert.ok(revision > 50_000);
    await w.ended();
  });

  it('tells that history was lost, and ends', async () => {
    const w = new World();
    w.session.resume([], 10);
    w.run();
    w.cache.replace([], 50);
    assert.deepEqual(await w.sent(), ['ERROR too old resource version: the history was lost']);
    await w.ended();
  });
});
