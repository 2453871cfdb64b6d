import assert from 'node:assert/strict';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { Cacher } from '../../storage/cache/cacher.ts';
import { MemoryStorage } from '../../storage/memory/memory.ts';
import { configMaps } from '../core/config-maps.ts';
import type { ResourceAccess, ResourceDefinition, WriteContext } from '../resource.ts';
import { encodeStored } from './object-encoding.ts';
import { ObjectStore } from './object-store.ts';

const definition = configMaps as ResourceDefinition;
const key = '/registry/configmaps/n/a';

const ctx: WriteContext = {
  user: { name: 'u', groups: [] },
  namespace: 'n',
  now: '2026-01-02T03:04:05Z',
  dryRun: false,
  subresource: '',
  access: {} as ResourceAccess,
  warn: () => {},
};

function stored(uid: string, more: object = {}): Buffer {
  const metadata = { name: 'a', namespace: 'n', uid, ...more };
  return encodeStored('ConfigMap', 'v1', { metadata } as KubeObject);
}

/** A store of config maps whose cache hears of changes a little later. */
async function running() {
  const storage = new MemoryStorage();
  const cacher = new Cacher({ storage, root: '/registry/', onProblem: () => {} });
  const cache = cacher.add({
    name: 'configmaps',
    prefix: '/registry/configmaps',
    namespaced: true,
    kind: 'ConfigMap',
    apiVersion: 'v1',
    selectableFields: {},
    indexedFields: [],
    decode: () => {
      throw new Error('foreign');
    },
  });
  const stop = new AbortController();
  await cacher.start();
  const run = cacher.run(stop.signal);
  await cacher.load(cache);
  const store = new ObjectStore({ definition, storage, cacher, cache, now: () => 0 });
  return {
    storage,
    store,
    cache,
    remove: (uid?: string) =>
      store.delete('n', 'a', uid === undefined ? {} : { preconditions: { uid } }, ctx),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await run;
    },
  };
}

describe('deletes', () => {
  it('take what the cache shows', async () => {
    await using r = await running();
    await r.storage.create(key, stored('1'));
    await r.store.get('n', 'a');
    const { deleted } = await r.remove();
    assert.equal(deleted, true);
    assert.equal((await r.storage.get(key)).kv, undefined);
  });

  it('find what the cache does not show yet', async () => {
    await using r = await running();
    void r.storage.create(key, stored('1'));
    assert.equal(r.cache.get('n', 'a'), undefined);
    assert.equal((await r.remove()).deleted, true);
    await assert.rejects(r.remove(), { reason: 'NotFound' });
  });

  it('take the present object when the cache shows an older one', async () => {
    await using r = await running();
    await r.storage.create(key, stored('1'));
    await r.store.get('n', 'a');
    void r.storage.update(key, stored('1', { finalizers: ['example.com/x'] }), 1);
    assert.equal(r.cache.get('n', 'a')?.revision, 1);
    const { object, deleted } = await r.remove();
    assert.equal(deleted, false);
    const { metadata } = object.object<KubeObject>();
    assert.deepEqual(metadata?.finalizers, ['example.com/x']);
    assert.ok(metadata?.deletionTimestamp);
  });

  it('refuse by the present object only', async () => {
    await using r = await running();
    await r.storage.create(key, stored('1'));
    await r.store.get('n', 'a');
    void r.storage.update(key, stored('2'), 1);
    assert.equal((await r.remove('2')).deleted, true);
    await r.storage.create(key, stored('3'));
    await assert.rejects(r.remove('2'), { reason: 'Conflict' });
  });

  it('answer from the present object when nothing is to be written', async () => {
    await using r = await running();
    const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };
    const held = { ...leaving, finalizers: ['example.com/x'] };
    await r.storage.create(key, stored('1', held));
    await r.store.get('n', 'a');
    assert.equal((await r.remove()).deleted, false);
    const { revision } = await r.store.get('n', 'a');
    assert.equal((await r.remove()).deleted, false);
    assert.equal(await r.storage.currentRevision(), revision);
    void r.storage.update(key, stored('1', leaving), revision);
    assert.equal(r.cache.get('n', 'a')?.revision, revision);
    assert.equal((await r.remove()).deleted, true);
  });
});
