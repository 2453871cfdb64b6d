import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configMaps, secrets } from '../../client/resources.ts';
import type { Volume } from '../../machinery/schema/wire.ts';
import { container, PodTestBed } from '../pods/pod-test-bed.ts';

function bedWith(volume: Omit<Volume, 'name'>, more: object = {}): PodTestBed {
  const bed = new PodTestBed();
  const volumeMounts = [{ name: 'v', mountPath: '/v', ...more }];
  bed.add({
    volumes: [{ name: 'v', ...volume }],
    containers: [container('c', { volumeMounts })],
  });
  return bed;
}

const running = (bed: PodTestBed) => () => bed.api()?.status?.phase === 'Running';
const mounts = (bed: PodTestBed) => bed.runtime.container('c').request.config!.mounts!;
const source = (bed: PodTestBed): string =>
  mounts(bed).find((m) => m.containerPath === '/v')!.hostPath!;
const text = (bed: PodTestBed, path: string): string =>
  readFileSync(join(source(bed), path), 'utf8');
const lastEvent = (bed: PodTestBed): string => bed.events.at(-1)?.message ?? '';

describe('volumes', () => {
  it('configMap: waits for it, then follows its changes', async () => {
    using bed = bedWith({ configMap: { name: 'cm' } });
    await bed.until(() => bed.reasons().includes('FailedMount'));
    assert.equal(
      lastEvent(bed),
      'MountVolume.SetUp failed for volume "v" : configmap "cm" not found',
    );
    const [map] = bed.client.seed(configMaps, {
      metadata: { name: 'cm', namespace: 'ns' },
      data: { a: '1' },
      binaryData: { b: Buffer.from([0, 255]).toString('base64') },
    });
    await bed.until(running(bed), 100);
    assert.equal(text(bed, 'a'), '1');
    assert.deepEqual([...readFileSync(join(source(bed), 'b'))], [0, 255]);
    await bed.client.update(configMaps, { ...map!, data: { a: '2', n: 'new' } });
    // Names that are new come right behind the switch to the new files.
    await bed.until(() => existsSync(join(source(bed), 'n')));
    assert.deepEqual([text(bed, 'a'), text(bed, 'n')], ['2', 'new']);
    assert.equal(bed.api()?.status?.containerStatuses?.[0]?.restartCount, 0);
  });

  it('configMap: an optional one may be missing', async () => {
    using bed = bedWith({ configMap: { name: 'cm', optional: true } });
    await bed.until(running(bed));
    assert.equal(mounts(bed).find((m) => m.containerPath === '/v')?.readonly, true);
  });

  it('configMap: a key that is asked for must be there', async () => {
    using bed = bedWith({ configMap: { name: 'cm', items: [{ key: 'x', path: 'x' }] } });
    bed.client.seed(configMaps, { metadata: { name: 'cm', namespace: 'ns' }, data: { a: '1' } });
    await bed.until(() => bed.reasons().includes('FailedMount'));
    assert.match(lastEvent(bed), /configmap references non-existent config key: x$/);
  });

  it('secret: keys as files of their own mode', async () => {
    const items = [{ key: 'k', path: 'sub/key', mode: 0o400 }];
    using bed = bedWith({ secret: { secretName: 's', items, defaultMode: 0o644 } });
    const data = { k: Buffer.from('top').toString('base64'), other: '' };
    bed.client.seed(secrets, { metadata: { name: 's', namespace: 'ns' }, data });
    await bed.until(running(bed), 100);
    assert.equal(text(bed, 'sub/key'), 'top');
    assert.equal(statSync(join(source(bed), 'sub/key')).mode & 0o777, 0o400);
    assert(!existsSync(join(source(bed), 'other')));
  });

  it('projected: several sources in one', async () => {
    using bed = bedWith({
      projected: {
        sources: [
          { configMap: { name: 'cm', items: [{ key: 'a', path: 'from-map' }] } },
          { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
        ],
      },
    });
    bed.client.seed(configMaps, { metadata: { name: 'cm', namespace: 'ns' }, data: { a: '1' } });
    await bed.until(running(bed), 100);
    assert.deepEqual([text(bed, 'from-map'), text(bed, 'name')], ['1', 'p']);
  });

  it('downwardAPI: follows labels', async () => {
    const items = [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }];
    using bed = bedWith({ downwardAPI: { items } });
    await bed.until(running(bed));
    assert.equal(text(bed, 'l'), '');
    const pod = bed.api()!;
    const metadata = { ...pod.metadata, labels: { a: '1' } };
    bed.parts.manager.put({ ...pod, metadata });
    await bed.until(() => text(bed, 'l') === 'a="1"');
  });

  it('emptyDir: goes with the pod', async () => {
    using bed = bedWith({ emptyDir: {} });
    await bed.until(running(bed));
    const dir = source(bed);
    writeFileSync(join(dir, 'f'), 'x');
    assert.equal(statSync(dir).mode & 0o777, 0o777);
    bed.parts.manager.drop(bed.api()!);
    await bed.until(() => !existsSync(dir));
  });

  it('hostPath: its type is checked', async () => {
    using bed = bedWith({ hostPath: { path: '/nowhere/at/all', type: 'Directory' } });
    await bed.until(() => bed.reasons().includes('FailedMount'));
    assert.match(
      lastEvent(bed),
      /hostPath type check failed: \/nowhere\/at\/all is not a directory/,
    );
  });

  it('a kind that is not supported', async () => {
    using bed = bedWith({ nfs: { server: 's', path: '/' } });
    await bed.until(() => bed.reasons().includes('FailedMount'));
    assert.match(lastEvent(bed), /volumes of kind nfs are not supported on this node$/);
  });

  it('a volume that no container mounts is not set up', async () => {
    using bed = new PodTestBed();
    bed.add({ volumes: [{ name: 'v', configMap: { name: 'cm' } }] });
    await bed.until(running(bed));
  });
});
