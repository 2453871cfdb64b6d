import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClient } from '../../client/fake-client.ts';
import { silentLog } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import { systemClock } from '../../machinery/meta/clock.ts';
import { configHashAnnotation, mirrorAnnotation, type NodePod, nodePod } from './pod.ts';
import { StaticSource } from './static-source.ts';

const manifest = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: ${image}}]}\n`;

describe('static pods', () => {
  let folder: string;
  let stop: AbortController;
  let running: Promise<void>;
  let client: FakeClient;
  /** Images of the pods that run, by uid. */
  let current: Map<string, string>;
  let source: StaticSource;

  const api = (): NodePod | undefined => client.objects(pods).map(nodePod)[0];
  const until = async (what: () => boolean): Promise<void> => {
    for (let i = 0; !what(); i++) {
      if (i > 1000) throw new Error(`not reached: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'static-'));
    writeFileSync(join(folder, 'a.yaml'), manifest('img:1'));
    stop = new AbortController();
    client = new FakeClient();
    current = new Map();
    source = new StaticSource({
      folder,
      everyMs: 60_000,
      nodeName: 'node',
      client,
      clock: systemClock,
      log: silentLog,
      sink: {
        put: (pod) => current.set(pod.metadata.uid, pod.spec.containers[0]!.image!),
        drop: (pod) => current.delete(pod.metadata.uid),
      },
      node: () => undefined,
      apiPod: () => api(),
    });
    running = source.run(stop.signal);
  });
  afterEach(async () => {
    stop.abort();
    await running;
    rmSync(folder, { recursive: true });
  });

  it('run, with defaults, and have a mirror in the API', async () => {
    await until(() => api() !== undefined);
    const mirror = api()!;
    assert.equal(mirror.metadata.name, 'web-node');
    assert.equal(mirror.metadata.namespace, 'default');
    const { annotations } = mirror.metadata;
    const [uid] = current.keys();
    assert.equal(annotations?.[mirrorAnnotation], uid);
    assert.equal(annotations?.[configHashAnnotation], uid);
    assert.equal(mirror.spec.restartPolicy, 'Always');
    assert.equal(mirror.spec.containers[0]?.imagePullPolicy, 'IfNotPresent');
    assert.equal(source.mirror(uid!)?.metadata.name, 'web-node');
  });

  it('are replaced when their file changes', async () => {
    await until(() => api() !== undefined);
    writeFileSync(join(folder, 'a.yaml'), manifest('img:2'));
    await until(() => api()?.spec.containers[0]?.image === 'img:2');
    assert.deepEqual([...current.values()], ['img:2']);
  });

  it('go with their file', async () => {
    await until(() => api() !== undefined);
    rmSync(join(folder, 'a.yaml'));
    await until(() => api() === undefined && current.size === 0);
  });

  it('get a new mirror when theirs is deleted', async () => {
    await until(() => api() !== undefined);
    const { uid } = api()!.metadata;
    await client.delete(pods, { namespace: 'default', name: 'web-node' });
    source.mirrorLost();
    await until(() => api() !== undefined && api()?.metadata.uid !== uid);
    assert.equal(current.size, 1);
  });

  it('a broken file stops nobody else', async () => {
    writeFileSync(join(folder, 'b.yaml'), '{');
    writeFileSync(join(folder, 'c.yaml'), manifest('img:3').replace('web', 'other'));
    await until(() => current.size === 2);
  });
});
