/** The watch cache over the memory store. */
import assert from 'node:assert/strict';
import { MemoryStorage } from '../memory/memory.ts';
import type { RangeOptions, RangeResult } from '../storage.ts';
import { Cacher } from './cacher.ts';
import { type CacheSpec, StoredObject } from './stored-object.ts';

const spec: CacheSpec = {
  name: 'widgets',
  prefix: '/registry/widgets',
  namespaced: true,
  kind: 'Widget',
  apiVersion: 'v1',
  selectableFields: { size: (o: { size?: string }) => o.size ?? '' },
  indexedFields: ['size'],
  decode: () => {
    throw new Error('not a widget');
  },
};

const widget = (name: string) =>
  Buffer.from(
    `{"kind":"Widget","apiVersion":"v1","metadata":{"name":"${name}","namespace":"n",` +
      `"uid":"u-${name}"},"size":"1"}`,
  );
const keyOf = (name: string) => `/registry/widgets/n/${name}`;

/** A store whose ranges can be held back. */
class SlowStorage extends MemoryStorage {
  held: Promise<void> | undefined;

  override async range(prefix: string, options?: RangeOptions): Promise<RangeResult> {
    const result = await super.range(prefix, options);
    await this.held;
    return result;
  }
}

async function started(storage: MemoryStorage) {
  const cacher = new Cacher({ storage, root: '/registry/', onProblem: () => {} });
  const stop = new AbortController();
  await cacher.start();
  const running = cacher.run(stop.signal);
  return {
    cacher,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

const namesOf = (cache: ReturnType<Cacher['add']>) => [...cache.objects('')].map((o) => o.name);

describe('the watch cache', () => {
  it('loads what was stored before a resource was added, as it is when that is done', async () => {
    const storage = new SlowStorage();
    for (const name of ['a', 'b', 'c']) await storage.create(keyOf(name), widget(name));
    await using running = await started(storage);
    const { cacher } = running;
    const held = Promise.withResolvers<void>();
    storage.held = held.promise;
    const cache = cacher.add(spec);
    const loading = cacher.load(cache);
    // The range has been read; what happens now reaches the cache before its result does.
    await storage.delete(keyOf('a'), 1);
    await storage.update(keyOf('b'), widget('b'), 2);
    await storage.create(keyOf('d'), widget('d'));
    await cacher.fresh();
    held.resolve();
    await loading;
    assert.deepEqual(namesOf(cache), ['b', 'c', 'd']);
    assert.equal(cache.get('n', 'b')?.revision, 5);
    await storage.delete(keyOf('c'), 3);
    await cacher.fresh();
    assert.deepEqual(namesOf(cache), ['b', 'd']);
  });

  it('goes on when a watcher throws, and when a value cannot be read', async () => {
    const storage = new MemoryStorage();
    const cacher = new Cacher({ storage, root: '/registry/', onProblem: () => {} });
    const cache = cacher.add(spec);
    await cacher.start();
    const stop = new AbortController();
    const running = cacher.run(stop.signal);
    const seen: string[] = [];
    cache.subscribe({
      namespace: '',
      onEvent: () => {
        throw new Error('broken');
      },
      onLost: () => seen.push('lost'),
    });
    cache.subscribe({
      namespace: 'n',
      onEvent: (e) => seen.push(`${e.type} ${e.object.name}`),
      onLost: () => seen.push('lost too'),
    });
    await storage.create(keyOf('a'), Buffer.from('garbage'));
    await storage.create(keyOf('b'), widget('b'));
    await cacher.fresh();
    assert.deepEqual(seen, ['ADDED a', 'lost', 'ADDED b', 'lost']);
    assert.deepEqual(
      cache.indexed('size', '1')?.map((o) => o.name),
      ['b'],
    );
    stop.abort();
    await running;
  });

  it('keeps what a write hands over, for the event of that write only', async () => {
    const storage = new MemoryStorage();
    await using running = await started(storage);
    const { cacher } = running;
    const cache = cacher.add(spec);
    await cacher.load(cache);
    const selectable = { labels: {}, fields: { size: '1' } };
    const object = (revision: number) =>
      new StoredObject(spec, keyOf('a'), revision, widget('a'), selectable).settle();
    cacher.expect(keyOf('a'), widget('a'), selectable);
    const created = await storage.create(keyOf('a'), widget('a'));
    const made = object(created.revision);
    cacher.wrote(made);
    await cacher.fresh();
    assert.equal(cache.get('n', 'a'), made);
    // Too late: the next event is another write's.
    cacher.wrote(object(created.revision + 1));
    await storage.update(keyOf('a'), widget('a'), created.revision);
    await cacher.fresh();
    assert.equal(cache.get('n', 'a')?.revision, created.revision + 1);
    // An event of another write between the announcement and the write.
    cacher.expect(keyOf('a'), widget('a'), selectable);
    cacher.wrote(object(created.revision + 3));
    await storage.update(keyOf('a'), Buffer.from('other'), created.revision + 1);
    await cacher.fresh();
    assert.equal(cache.get('n', 'a')?.size, 5);
  });

  it('keeps no encoded frames behind the event', async () => {
    const storage = new MemoryStorage();
    const cacher = new Cacher({ storage, root: '/registry/', onProblem: () => {} });
    const cache = cacher.add(spec);
    await cacher.start();
    const stop = new AbortController();
    const running = cacher.run(stop.signal);
    cache.subscribe({
      namespace: '',
      onEvent: (e) => {
        e.object.frames = new Map([['json', Buffer.alloc(1)]]);
      },
      onLost: () => {},
    });
    await storage.create(keyOf('a'), widget('a'));
    await cacher.fresh();
    assert.equal(cache.get('n', 'a')?.frames, undefined);
    stop.abort();
    await running;
  });
});
