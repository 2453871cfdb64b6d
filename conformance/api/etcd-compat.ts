/**
 * The API server on the etcd of an upstream one: values are protobuf under upstream's keys.
 *
 *   node conformance/api/etcd-compat.ts [--facts DIR] [--filter TEXT]
 *
 * Whatever upstream has stored is listed, read, watched, changed and deleted.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { EtcdStorage } from '../../apiserver/storage/etcd/etcd.ts';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import { normalize } from '../../machinery/codec/decode.ts';
import { encodeProtobuf, isProtobuf } from '../../machinery/codec/protobuf.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { ApiProcess } from './api-process.ts';
import { kindObjects } from './kind-objects.ts';
import { check, finish, flags } from './report.ts';
import { servedResources } from './served-resources.ts';
import { WatchReader } from './watch-stream.ts';

const { facts = '../shared/facts' } = flags;
/** Which objects of some kinds name. */
const namespace = 'fuzz';

interface StoredResource {
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly versions: readonly string[];
  readonly storage: {
    readonly version: string;
    readonly prefix: string;
    readonly encoding: string;
  };
}

interface Golden {
  readonly json: KubeObject;
  readonly pb: string;
}

await using etcd = await EtcdProcess.start();
await using storage = new EtcdStorage({ servers: [etcd.server] });
await using server = await ApiProcess.start({ etcd: etcd.server });
const { api } = server;

/** The path of a resource's objects; `namespace` undefined: all, or cluster-scoped. */
function folderOf(apiVersion: string, plural: string, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined
    ? `${root}/${plural}`
    : `${root}/namespaces/${namespace}/${plural}`;
}

/** The object without what the server adds to every answer. */
function shown(object: unknown): unknown {
  const copy = structuredClone(object) as { metadata: { resourceVersion?: string } };
  delete copy.metadata.resourceVersion;
  return copy;
}

/** As it is shown: defaults are set when an object is read (those of a later version, too). */
function defaulted(json: KubeObject): KubeObject {
  const { apiVersion = '', kind = '' } = json;
  const object = normalize(structuredClone(json), kindType(apiVersion, kind)!);
  applyDefaults(apiVersion, kind, object);
  return object;
}

async function watched(folder: string, name: string): Promise<boolean> {
  const response = await api.open('GET', `${folder}?watch=true&timeoutSeconds=2`, { fresh: true });
  const reader = new WatchReader('json');
  for await (const chunk of response) {
    if (!reader.push(chunk as Buffer).some((e) => e.key.endsWith(`/${name}`))) continue;
    response.destroy();
    return true;
  }
  return false;
}

/** Under which version upstream stores a kind: `apps/v1/Deployment` to `apps/v1`. */
const storedAs = new Map<string, string>();

if (existsSync(`${facts}/resources.json`)) {
  const { groups } = JSON.parse(readFileSync(`${facts}/resources.json`, 'utf8')) as {
    groups: { name: string; resources: StoredResource[] }[];
  };
  const golden = JSON.parse(
    gunzipSync(readFileSync(`${facts}/protobuf-golden/roundtrip.json.gz`)).toString(),
  ) as Record<string, Golden>;
  await check('recorded values of all kinds are read', async () => {
    const problems: string[] = [];
    let count = 0;
    for (const { name: group, resources } of groups) {
      for (const { plural, kind, namespaced, storage: stored, versions } of resources) {
        for (const version of versions) {
          storedAs.set(
            [group, version, kind].filter((part) => part !== '').join('/'),
            stored?.version,
          );
        }
        if (stored?.encoding !== 'protobuf') continue;
        const slash = stored.version.lastIndexOf('/');
        const storedGroup = slash < 0 ? 'core' : stored.version.slice(0, slash);
        const value = golden[`${storedGroup}.${stored.version.slice(slash + 1)}.${kind}`];
        const version = versions[0]!;
        const apiVersion = group === '' ? version : `${group}/${version}`;
        // Other faces of what is stored under another version.
        if (value === undefined || apiVersion !== stored.version) continue;
        const { name = '', namespace } = value.json.metadata ?? {};
        const key = [stored.prefix, ...(namespaced ? [namespace] : []), name].join('/');
        await storage.create(key, Buffer.from(value.pb, 'base64'));
        const folder = folderOf(apiVersion, plural, namespaced ? namespace : undefined);
        const listed = (await api.call('GET', folderOf(apiVersion, plural))).object.items ?? [];
        const found = await api.call('GET', `${folder}/${name}`);
        count++;
        try {
          assert.deepEqual(shown(found.object), shown(defaulted(value.json)));
          assert.ok(
            listed.some((o) => o.metadata.name === name),
            'not in the list',
          );
          assert.ok(await watched(folder, name), 'not in the watch');
        } catch (error) {
          problems.push(`${kind}: ${error instanceof Error ? error.message : error}`);
        }
        const { kv } = await storage.get(key);
        await storage.delete(key, kv!.modRevision);
      }
    }
    console.log(`  ${count} kinds`);
    assert.equal(problems.length, 0, problems.join('\n'));
  });
} else console.log(`  no facts at ${facts}: recorded values are left out`);

await check(
  'objects that upstream wrote are listed, watched, patched, updated, deleted',
  async () => {
    await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    const accounts = folderOf('v1', 'serviceaccounts', namespace);
    await api.call('POST', accounts, { metadata: { name: 'default' } });
    const problems: string[] = [];
    for (const { apiVersion, plural, namespaced } of await servedResources(api, 'patch')) {
      const more = kindObjects[`${apiVersion}/${plural}`];
      if (!namespaced || more === undefined) continue;
      const folder = folderOf(apiVersion, plural, namespace);
      try {
        await liveOf(folder, more.body);
      } catch (error) {
        problems.push(`${folder}: ${error instanceof Error ? error.message : error}`);
      }
    }
    assert.equal(problems.length, 0, problems.join('\n'));
  },
);

/** The life of one object, whose stored value is turned into upstream's first. */
async function liveOf(folder: string, more: object): Promise<void> {
  const path = `${folder}/up`;
  const expect = async (
    status: number,
    method: string,
    at: string,
    body?: unknown,
    type?: string,
  ) => {
    const answer = await api.call(method, at, body, {
      'content-type': type ?? 'application/json',
    });
    assert.equal(answer.status, status, `${method}: ${answer.object.message}`);
    return answer.object;
  };
  const made = await expect(201, 'POST', folder, { ...more, metadata: { name: 'up' } });
  const key = await keyOf(made.metadata.uid!);
  const { kv } = await storage.get(key);
  const value = JSON.parse(kv!.value.toString()) as KubeObject;
  const type = kindType(value.apiVersion!, value.kind!)!;
  const bytes = encodeProtobuf(normalize(value, type), type);
  assert.ok((await storage.update(key, bytes, kv!.modRevision)).ok);
  const read = await expect(200, 'GET', path);
  assert.deepEqual(shown(read), shown(made));
  assert.ok(Number(read.metadata.resourceVersion) > Number(made.metadata.resourceVersion));
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const rows = await api.call('GET', folder, undefined, { accept: table });
  assert.equal(rows.status, 200, rows.object.message ?? '');
  const list = await expect(200, 'GET', `${folder}?fieldSelector=metadata.name%3Dup`);
  assert.deepEqual(
    list.items?.map((o) => o.metadata.uid),
    [made.metadata.uid],
  );
  assert.ok(await watched(folder, 'up'));
  const patch = { metadata: { labels: { patched: 'yes' } } };
  const merge = 'application/merge-patch+json';
  assert.equal(
    (await expect(200, 'PATCH', path, patch, merge)).metadata.labels?.['patched'],
    'yes',
  );
  assert.ok(!isProtobuf((await storage.get(key)).kv!.value));
  assert.ok((await storage.update(key, bytes, (await storage.get(key)).kv!.modRevision)).ok);
  const current = await expect(200, 'GET', path);
  current.metadata.labels = { put: 'yes' };
  assert.equal((await expect(200, 'PUT', path, current)).metadata.labels?.['put'], 'yes');
  assert.ok((await storage.update(key, bytes, (await storage.get(key)).kv!.modRevision)).ok);
  await expect(200, 'DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`);
  await api.call('PATCH', path, { metadata: { finalizers: null } }, { 'content-type': merge });
  await expect(404, 'GET', path);
}

/** The key under which an object is stored. */
async function keyOf(uid: string): Promise<string> {
  const { kvs } = await storage.range('/registry/');
  return kvs.find((kv) => kv.value.includes(uid) && kv.key.endsWith('/up'))!.key;
}

await check('a value that cannot be read does not stop the others', async () => {
  const folder = folderOf('v1', 'pods', namespace);
  const status = async (path: string): Promise<number> => (await api.call('GET', path)).status;
  const response = await api.open('GET', '/api/v1/secrets?watch=true', { fresh: true });
  const reader = new WatchReader('json');
  const seen: string[] = [];
  response.on('data', (chunk: Buffer) => {
    for (const e of reader.push(chunk)) seen.push(e.key);
  });
  for (const [name, text] of [
    ['garbage', 'k8s\0garbage'],
    ['words', 'not json'],
    ['empty', ''],
    ['array', '[1]'],
  ]) {
    await storage.create(`/registry/pods/${namespace}/${name}`, Buffer.from(text!));
    await storage.create(`/registry/secrets/${namespace}/${name}`, Buffer.from(text!));
  }
  await api.call('POST', folderOf('v1', 'configmaps', namespace), { metadata: { name: 'after' } });
  assert.equal(await status(folderOf('v1', 'configmaps', namespace)), 200);
  assert.equal(await status(`${folder}/garbage`), 500);
  assert.equal(await status(`${folder}/none`), 404);
  response.destroy();
  await server.signal('SIGTERM');
  await server.restart();
  assert.equal(await status('/api/v1/namespaces'), 200);
  assert.equal(await status(`${folder}/words`), 500);
});

await server[Symbol.asyncDispose]();
finish();
