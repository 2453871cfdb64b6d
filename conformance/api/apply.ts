/**
 * Server-side apply on every kind that is served, through its whole life:
 *
 *   node conformance/api/apply.ts [--filter TEXT]
 *
 * Created by an apply, applied again without effect, in conflict, taken over, let go, updated, its
 * status applied: each time managedFields name who owns what, and nothing that is not there.
 */
import assert from 'node:assert/strict';
import { elementOf } from '../../machinery/patch/list-element.ts';
import { type Shape, shapeOfStruct } from '../../machinery/patch/shape.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { ApiObject } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { type FuzzResource, folderOf } from './fuzz-requests.ts';
import { type KindObject, kindObjects } from './kind-objects.ts';
import { check, finish } from './report.ts';
import { servedResources } from './served-resources.ts';

const namespace = 'fuzz';
/** Of one second, entries stand in the order of names: that is the order of writes here. */
const managers = new Set(['m1', 'm2', 'm3', 'm4']);
const applyType = { 'content-type': 'application/apply-patch+yaml' };

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1: Fields;
}

interface Fields {
  readonly [element: string]: Fields;
}

interface Managed extends ApiObject {
  status?: unknown;
  metadata: ApiObject['metadata'] & { managedFields?: Entry[] };
}

await using server = await ApiProcess.start();
const { api } = server;
await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
await api.call('POST', accounts, { metadata: { name: 'default' } });

const resources = (await servedResources(api, 'patch')).filter((r) => !r.plural.includes('/'));

await check('there is an object of every kind', () => {
  const ids = new Set(resources.map((r) => `${r.apiVersion}/${r.plural}`));
  assert.deepEqual([...ids].sort(), Object.keys(kindObjects).sort());
  return Promise.resolve();
});
for (const r of resources) {
  const id = `${r.apiVersion}/${r.plural}`;
  await check(id, () => life(r, kindObjects[id]!));
}

async function life(r: FuzzResource, { name = 'applied', body, status }: KindObject) {
  const path = `${folderOf(r)}/${name}`;
  const base = { apiVersion: r.apiVersion, kind: r.kind };
  const shape = shapeOfStruct(kindType(r.apiVersion, r.kind)!);
  const config = (labels?: object, spec: object = body) => ({
    ...base,
    ...spec,
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
  });
  const apply = async (manager: string, what: object, query = '', at = path) => {
    const url = `${at}?fieldManager=${manager}${query}`;
    const answer = await api.call('PATCH', url, what, applyType);
    const object = answer.object as Managed;
    if (answer.status < 300) {
      for (const e of object.metadata.managedFields ?? []) {
        assert.equal(e.apiVersion, r.apiVersion);
        ownedThere(shape, e.fieldsV1, object, `${e.manager}: `);
      }
    }
    return { ...answer, object };
  };

  const created = await apply('m1', config({ l: '1' }));
  assert.equal(created.status, 201, created.object.message ?? '');
  assert.deepEqual(entries(created.object), ['m1 Apply']);
  assert.ok(has(created.object, 'm1', 'f:metadata', 'f:labels', 'f:l'));

  const again = await apply('m1', config({ l: '1' }));
  assert.deepEqual([again.status, own(again.object)], [200, own(created.object)], 'a second time');

  const dry = await apply('m1', config({ l: '3' }), '&dryRun=All');
  assert.equal(dry.object.metadata.labels?.['l'], '3');
  const { object: stored } = await api.call('GET', path);
  assert.deepEqual(own(stored as Managed), own(created.object), 'a dry run changed it');

  const conflict = await apply('m2', config({ l: '2' }, {}));
  assert.equal(conflict.status, 409, conflict.object.message ?? '');
  assert.match(conflict.object.message ?? '', /conflict with "m1": \.metadata\.labels\.l$/);

  const forced = await apply('m2', config({ l: '2', m: '2' }, {}), '&force=true');
  assert.equal(forced.status, 200, forced.object.message ?? '');
  // Whoever owns nothing any more is named no more.
  const rest = Object.keys(created.object.metadata.managedFields![0]!.fieldsV1);
  const one = rest.length > 1 ? ['m1 Apply'] : [];
  assert.deepEqual(entries(forced.object), [...one, 'm2 Apply']);
  assert.ok(!has(forced.object, 'm1', 'f:metadata', 'f:labels', 'f:l'));

  const left = await apply('m2', config({ m: '2' }, {}));
  const { 'kubernetes.io/metadata.name': _, ...labels } = left.object.metadata.labels ?? {};
  assert.deepEqual(labels, { m: '2' }, 'owned by nobody');

  const updated = await api.call('PUT', `${path}?fieldManager=m3`, {
    ...left.object,
    metadata: { ...left.object.metadata, annotations: { m3: '3' } },
  });
  assert.equal(updated.status, 200, updated.object.message ?? '');
  const after = updated.object as Managed;
  assert.deepEqual(entries(after), [...one, 'm2 Apply', 'm3 Update']);
  assert.ok(has(after, 'm3', 'f:metadata', 'f:annotations', 'f:m3'));

  if (status !== undefined) {
    const at = `${path}/status`;
    const applied = await apply('m4', { ...config(), ...{ status } }, '&force=true', at);
    assert.equal(applied.status, 200, applied.object.message ?? '');
    const four = applied.object.metadata.managedFields?.find((e) => e.manager === 'm4');
    assert.equal(four?.subresource, 'status');
    assert.deepEqual(Object.keys(four.fieldsV1), ['f:status'], 'the status alone');
    const same = await apply('m4', { ...config(), ...{ status } }, '', at);
    assert.deepEqual(same.object, applied.object, 'the status a second time');
    const kept = await apply('m1', { ...config(), ...{ status: {} } }, '&force=true');
    assert.equal(kept.status, 200, kept.object.message ?? '');
    assert.deepEqual(kept.object.status, applied.object.status, 'the status by the main endpoint');
  }
  await api.call('DELETE', path);
}

/** An object without what the server itself does to some kinds: it keeps their status. */
function own({ status: _, ...o }: Managed): unknown {
  const { resourceVersion: _version, ...metadata } = o.metadata;
  const managedFields = metadata.managedFields?.filter((e) => managers.has(e.manager));
  return { ...o, metadata: { ...metadata, managedFields } };
}

function entries(o: Managed): string[] {
  const list = (o.metadata.managedFields ?? []).filter((e) => managers.has(e.manager));
  return list.map((e) => `${e.manager} ${e.operation}`);
}

function has(o: Managed, manager: string, ...path: string[]): boolean {
  let at: Fields | undefined = o.metadata.managedFields?.find(
    (e) => e.manager === manager,
  )?.fieldsV1;
  for (const element of path) at = at?.[element];
  return at !== undefined;
}

/** Every owned path leads to something, by one way only. */
function ownedThere(shape: Shape, fields: Fields, value: unknown, where: string): void {
  for (const [element, below] of Object.entries(fields)) {
    if (element === '.') continue;
    const at = `${where}/${element}`;
    if (element.startsWith('f:')) {
      const name = element.slice(2);
      const next = (value as Record<string, unknown> | null)?.[name];
      assert.ok(next !== undefined, `${at} is owned and not there`);
      const inner = shape.map?.fields.get(name)?.shape ?? shape.map?.element;
      if (inner !== undefined) ownedThere(inner, below, next, at);
      continue;
    }
    const list = shape.list!;
    const found = (value as unknown[]).filter((item) => elementOf(list, item) === element);
    assert.equal(found.length, 1, `${at} is there ${found.length} times`);
    ownedThere(list.element, below, found[0], at);
  }
}

await server[Symbol.asyncDispose]();
finish();
