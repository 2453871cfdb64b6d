import assert from 'node:assert/strict';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { Cacher } from '../storage/cache/cacher.ts';
import { MemoryStorage } from '../storage/memory/memory.ts';
import { Catalog } from './catalog.ts';
import { configMaps } from './core/config-maps.ts';
import { encodeStored } from './object-store/object-encoding.ts';
import type { ResourceDefinition } from './resource.ts';
import { serverAccess } from './server-access.ts';

describe('what the server reads and writes', () => {
  it('shows what stood in the way of a create, whoever made it', async () => {
    const storage = new MemoryStorage();
    const cacher = new Cacher({ storage, root: '/registry/', onProblem: () => {} });
    const resources = [configMaps as ResourceDefinition];
    const catalog = new Catalog({
      groups: [{ name: '', versions: ['v1'], resources }],
      subresources: [],
      storage,
      cacher,
      now: () => 0,
    });
    await cacher.start();
    const stop = new AbortController();
    const run = cacher.run(stop.signal);
    const access = serverAccess(() => catalog);
    const metadata = { name: 'a', namespace: 'n' };
    const other = { metadata, data: { from: 'another server' } } as KubeObject;
    void storage.create('/registry/configmaps/n/a', encodeStored('ConfigMap', 'v1', other));
    assert.equal(await access.get('configmaps', 'n', 'a'), undefined);
    await assert.rejects(access.create('configmaps', { metadata }), { reason: 'AlreadyExists' });
    const seen = await access.get<typeof other & { data?: object }>('configmaps', 'n', 'a');
    assert.deepEqual(seen?.data, { from: 'another server' });
    stop.abort();
    await run;
  });
});
